//! Base types (`pg_type`; manual: CREATE TYPE (INPUT = ..)), whose values only their own functions understand.
//! Their array types come and go with them.

use super::shell;
use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::options::{definition, text};
use crate::catalog::quote::literal;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A base type. Functions are named as `regproc` prints them; none is empty.
    pub struct Base {
        /// The function that reads a text.
        pub input: String,
        /// The function that writes one.
        pub output: String,
        /// The function that reads the binary format.
        pub receive: String,
        /// The function that writes it.
        pub send: String,
        /// The function that reads a type modifier.
        pub modifier_in: String,
        /// The function that writes one.
        pub modifier_out: String,
        /// The function that gathers statistics.
        pub analyze: String,
        /// The function that knows its subscripts (since version 14).
        pub subscript: String,
        /// The size of a value in bytes; `None` when it varies.
        pub length: Option<i16>,
        /// Whether a value is passed as such and not by its address.
        pub by_value: bool,
        /// `char`, `int2` or `double`; empty for `int4`.
        pub alignment: String,
        /// `external`, `extended` or `main`; empty for `plain`.
        pub storage: String,
        /// Its category, when it is not `U`.
        pub category: String,
        /// Whether it is the preferred one of its category.
        pub preferred: bool,
        /// Its default value.
        pub default: Option<String>,
        /// The type of its elements, as `format_type()` prints it; empty when it has none.
        pub element: String,
        /// What separates values in arrays of it, when it is not a comma.
        pub delimiter: String,
        /// Whether its values have collations.
        pub collatable: bool,
    }
}

macro_rules! query {
    ($subscript:literal) => {
        concat!(
            "SELECT t.oid, t.typnamespace, t.typname, t.typinput::text, t.typoutput::text, \
             nullif(t.typreceive::text, '-') AS receive, nullif(t.typsend::text, '-') AS send, \
             nullif(t.typmodin::text, '-') AS modifier_in, nullif(t.typmodout::text, '-') AS modifier_out, \
             nullif(t.typanalyze::text, '-') AS analyze, ",
            $subscript,
            " AS subscript, nullif(t.typlen, -1) AS length, t.typbyval, \
             CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' END AS alignment, \
             CASE t.typstorage WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' WHEN 'm' THEN 'main' END AS storage, \
             nullif(t.typcategory, 'U') AS category, t.typispreferred, t.typdefault, t.typelem, \
             nullif(t.typdelim, ',') AS delimiter, t.typcollation <> 0 AS collatable, \
             t.typowner AS owner, t.typacl AS acl \
             FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem \
             WHERE t.oid >= 16384 AND t.typtype = 'b' AND e.typarray IS DISTINCT FROM t.oid"
        )
    };
}

impl Kind for Base {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "base type";
    const KEYWORD: &'static str = "TYPE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const ACL: Option<(char, &'static str)> = Some(('T', "TYPE"));
    const REBUILDABLE: bool = true;
    const DROPS_MAKERS: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('b')];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!("NULL"),
        },
        Query {
            since: 140_000,
            sql: query!("nullif(t.typsubscript::text, '-')"),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        let field = |column| row.text_or_empty(column).map(str::to_owned);
        let body = Self {
            input: field("typinput")?,
            output: field("typoutput")?,
            receive: field("receive")?,
            send: field("send")?,
            modifier_in: field("modifier_in")?,
            modifier_out: field("modifier_out")?,
            analyze: field("analyze")?,
            subscript: field("subscript")?,
            length: row.opt_number("length")?,
            by_value: row.flag("typbyval")?,
            alignment: field("alignment")?,
            storage: field("storage")?,
            category: field("category")?,
            preferred: row.flag("typispreferred")?,
            default: row.opt("typdefault")?.map(str::to_owned),
            element: match row.number("typelem")? {
                0 => String::new(),
                element => names.type_name(element, -1)?.to_string(),
            },
            delimiter: field("delimiter")?,
            collatable: row.flag("collatable")?,
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Base, schema, row.text("typname")?),
            Key::new(Class::TYPE, oid),
            body,
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let sql = format!("CREATE TYPE {} {}", id.sql(), self.definition());
        shell::first(id, sql, scene)
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = !self.subscript.is_empty();
        has.then_some((140_000, "a function that knows its subscripts"))
            .into_iter()
            .collect()
    }

    /// Before 14 the elements of a type of fixed length were found without a function of its own.
    fn move_to(&mut self, _id: &Id, from: &Catalog, version: u32) {
        const SINCE: u32 = 140_000;
        const BUILT_IN: &str = "raw_array_subscript_handler";
        if version < SINCE && self.subscript == BUILT_IN {
            self.subscript.clear();
        } else if version >= SINCE && from.version() < SINCE && !self.element.is_empty() {
            BUILT_IN.clone_into(&mut self.subscript);
        }
    }

    /// Its functions need it and it needs them: they go along.
    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TYPE {} CASCADE", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let (old, settable) = (self.settable(), new.settable());
        let alike = Self {
            receive: new.receive.clone(),
            send: new.send.clone(),
            modifier_in: new.modifier_in.clone(),
            modifier_out: new.modifier_out.clone(),
            analyze: new.analyze.clone(),
            subscript: new.subscript.clone(),
            storage: new.storage.clone(),
            ..self.clone()
        };
        // What was stored compressed or out of line could not be read as plain.
        if alike != *new || (new.storage.is_empty() && !self.storage.is_empty()) {
            return Change::Replace;
        }
        let changed = settable.iter().zip(&old).filter(|(new, old)| new != old);
        let list: Vec<_> = changed
            .map(|((name, value), _)| {
                format!("{name} = {}", if value.is_empty() { "NONE" } else { value })
            })
            .collect();
        let sql = format!("ALTER TYPE {} SET ({})", id.sql(), list.join(", "));
        Change::InPlace(vec![Step::alter(id, sql)])
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}

impl Base {
    /// What ALTER TYPE can set.
    fn settable(&self) -> [(&'static str, &str); 7] {
        [
            ("RECEIVE", &self.receive),
            ("SEND", &self.send),
            ("TYPMOD_IN", &self.modifier_in),
            ("TYPMOD_OUT", &self.modifier_out),
            ("ANALYZE", &self.analyze),
            ("SUBSCRIPT", &self.subscript),
            ("STORAGE", &self.storage),
        ]
    }

    fn definition(&self) -> String {
        let Self {
            input,
            output,
            receive,
            send,
            modifier_in,
            modifier_out,
            analyze,
            subscript,
            length,
            by_value,
            alignment,
            storage,
            category,
            preferred,
            default,
            element,
            delimiter,
            collatable,
        } = self;
        let yes = |is_set: bool| if is_set { "true" } else { "" };
        let length = length.map_or("VARIABLE".to_owned(), |bytes| bytes.to_string());
        let default = default.as_deref().map(literal).unwrap_or_default();
        definition(&[
            ("INPUT", input),
            ("OUTPUT", output),
            ("RECEIVE", receive),
            ("SEND", send),
            ("TYPMOD_IN", modifier_in),
            ("TYPMOD_OUT", modifier_out),
            ("ANALYZE", analyze),
            ("SUBSCRIPT", subscript),
            ("INTERNALLENGTH", &length),
            ("PASSEDBYVALUE", yes(*by_value)),
            ("ALIGNMENT", alignment),
            ("STORAGE", storage),
            ("CATEGORY", &text(category)),
            ("PREFERRED", yes(*preferred)),
            ("DEFAULT", &default),
            ("ELEMENT", element),
            ("DELIMITER", &text(delimiter)),
            ("COLLATABLE", yes(*collatable)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word() -> Base {
        Base {
            input: "app.word_in".to_owned(),
            output: "app.word_out".to_owned(),
            default: Some("it's".to_owned()),
            collatable: true,
            ..Base::default()
        }
    }

    #[test]
    fn its_name_comes_before_its_definition() {
        let id = Id::in_schema(Tag::Base, "app", "Word");
        let steps = word().create(&id, &Catalog::default());
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "CREATE TYPE app.\"Word\"",
                "CREATE TYPE app.\"Word\" (\n    INPUT = app.word_in,\n    OUTPUT = app.word_out,\n    \
                 INTERNALLENGTH = VARIABLE,\n    DEFAULT = 'it''s',\n    COLLATABLE = true\n)"
            ]
        );
    }

    #[test]
    fn what_values_do_not_depend_on_is_set_in_place() {
        let id = Id::in_schema(Tag::Base, "app", "Word");
        let toasted = Base {
            send: "app.word_send".to_owned(),
            storage: "extended".to_owned(),
            ..word()
        };
        let Change::InPlace(steps) = word().change(&toasted, &id, &Catalog::default()) else {
            panic!("it was to be replaced")
        };
        assert_eq!(
            steps[0].sql,
            "ALTER TYPE app.\"Word\" SET (SEND = app.word_send, STORAGE = extended)"
        );
        let change = toasted.change(&word(), &id, &Catalog::default());
        assert!(matches!(change, Change::Replace));
    }
}
