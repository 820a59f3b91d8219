//! Collations (`pg_collation`; manual: CREATE COLLATION). The version of the library that made one is not
//! schema: another server has its own.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::options::{definition, text};
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A collation.
    pub struct Collation {
        /// `icu`, `libc` or `builtin` (since version 17).
        pub provider: String,
        /// The locale of ICU or of the server, or of libc for everything.
        pub locale: String,
        /// The locale of libc for order, when it is not that for characters.
        pub collate: String,
        /// The locale of libc for characters, when it is not that for order.
        pub ctype: String,
        /// Whether unequal texts can be taken for equal.
        pub nondeterministic: bool,
        /// Additional rules of ICU (since version 16).
        pub rules: String,
    }
}

macro_rules! query {
    ($locale:literal, $rules:literal) => {
        concat!(
            "SELECT oid, collnamespace, collname, CASE collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' \
             WHEN 'b' THEN 'builtin' END AS provider, ",
            $locale,
            " AS locale, nullif(collcollate::text, collctype::text) AS collate, \
             nullif(collctype::text, collcollate::text) AS ctype, NOT collisdeterministic AS nondeterministic, ",
            $rules,
            " AS rules, collowner AS owner FROM pg_collation WHERE oid >= 16384 \
             AND collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"
        )
    };
}

impl Kind for Collation {
    const NAME: &'static str = "collation";
    const LABEL: &'static str = "collation";
    const KEYWORD: &'static str = "COLLATION";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::Collation);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::COLLATION)];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!(
                "CASE WHEN collcollate = collctype THEN collcollate END",
                "NULL"
            ),
        },
        Query {
            since: 150_000,
            sql: query!(
                "coalesce(colliculocale, CASE WHEN collcollate = collctype THEN collcollate END)",
                "NULL"
            ),
        },
        Query {
            since: 160_000,
            sql: query!(
                "coalesce(colliculocale, CASE WHEN collcollate = collctype THEN collcollate END)",
                "collicurules"
            ),
        },
        Query {
            since: 170_000,
            sql: query!(
                "coalesce(colllocale, CASE WHEN collcollate = collctype THEN collcollate END)",
                "collicurules"
            ),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("collnamespace")?) else {
            return Ok(None);
        };
        let field = |column| row.text_or_empty(column).map(str::to_owned);
        Ok(Some(Found::new(
            Id::in_schema(Tag::Collation, schema, row.text("collname")?),
            Key::new(Class::COLLATION, oid),
            Self {
                provider: row.text("provider")?.to_owned(),
                locale: field("locale")?,
                collate: field("collate")?,
                ctype: field("ctype")?,
                nondeterministic: row.flag("nondeterministic")?,
                rules: field("rules")?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            provider,
            locale,
            collate,
            ctype,
            nondeterministic,
            rules,
        } = self;
        let deterministic = if *nondeterministic { "false" } else { "" };
        let definition = definition(&[
            ("PROVIDER", provider),
            ("LOCALE", &text(locale)),
            ("LC_COLLATE", &text(collate)),
            ("LC_CTYPE", &text(ctype)),
            ("DETERMINISTIC", deterministic),
            ("RULES", &text(rules)),
        ]);
        let sql = format!("CREATE COLLATION {} {definition}", id.sql());
        vec![Step::create(id, sql)]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let features = [
            (!self.rules.is_empty(), 160_000, "rules"),
            (self.provider == "builtin", 170_000, "the provider builtin"),
        ];
        let has = features.into_iter().filter(|(has, ..)| *has);
        has.map(|(_, since, what)| (since, what)).collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP COLLATION {}", id.sql()))
    }

    fn change(&self, new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        let Self {
            provider: _,
            locale: _,
            collate: _,
            ctype: _,
            nondeterministic: _,
            rules: _,
        } = new;
        Change::Replace
    }
}
