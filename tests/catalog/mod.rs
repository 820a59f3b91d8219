//! The model against the server: texts that are built from columns are the server's own, and texts that are
//! settled are those that the server prints again. Over our corpus, and over other people's schemas when
//! they lie beside the checkout.

mod texts;
