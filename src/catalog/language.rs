//! Procedural languages (`pg_language`; manual: CREATE LANGUAGE), but for those of extensions.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::row::{Row, RowError};
use super::step::Step;
use crate::record;

record! {
    /// A language.
    pub struct Language {
        /// Whether everybody may use it.
        pub trusted: bool,
        /// The function that runs functions in it.
        pub handler: String,
        /// The function that runs `DO` blocks in it; empty for none.
        pub inline: String,
        /// The function that checks new functions in it; empty for none.
        pub validator: String,
    }
}

impl Language {
    fn sql(&self, verb: &str, id: &Id) -> String {
        let Self {
            trusted,
            handler,
            inline,
            validator,
        } = self;
        let trusted = if *trusted { "TRUSTED " } else { "" };
        let mut sql = format!("{verb} {trusted}LANGUAGE {} HANDLER {handler}", id.sql());
        for (keyword, function) in [(" INLINE ", inline), (" VALIDATOR ", validator)] {
            if !function.is_empty() {
                sql.push_str(keyword);
                sql.push_str(function);
            }
        }
        sql
    }
}

impl Kind for Language {
    const NAME: &'static str = "language";
    const LABEL: &'static str = "language";
    const KEYWORD: &'static str = "LANGUAGE";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::Language);
    const ACL: Option<(char, &'static str)> = Some(('l', "LANGUAGE"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::LANGUAGE)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT l.oid, l.lanname, p.pronamespace, l.lanpltrusted, l.lanplcallfoid::regproc AS handler, \
              nullif(l.laninline::regproc::text, '-') AS inline, \
              nullif(l.lanvalidator::regproc::text, '-') AS validator, l.lanowner AS owner, l.lanacl AS acl \
              FROM pg_language l JOIN pg_proc p ON p.oid = l.lanplcallfoid WHERE l.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let name = row.text("lanname")?;
        if !names.covers_any(&[row.number("pronamespace")?]) {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::global(Tag::Language, name),
            Key::new(Class::LANGUAGE, oid),
            Self {
                trusted: row.flag("lanpltrusted")?,
                handler: row.text("handler")?.to_owned(),
                inline: row.text_or_empty("inline")?.to_owned(),
                validator: row.text_or_empty("validator")?.to_owned(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.sql("CREATE", id))]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP LANGUAGE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        Change::InPlace(vec![Step::alter(id, new.sql("CREATE OR REPLACE", id))])
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
