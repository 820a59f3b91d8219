//! What the tests of every area share: a Postgres server and databases, the built program, a bad network.

pub(crate) mod binaries;
pub(crate) mod cli;
pub(crate) mod corpus;
pub(crate) mod fakeserver;
pub(crate) mod live;
pub(crate) mod others;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod source;
