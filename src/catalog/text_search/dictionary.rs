//! Text search dictionaries (`pg_ts_dict`; manual: CREATE TEXT SEARCH DICTIONARY). The files that they read are
//! the server's.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle;
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A dictionary.
    pub struct Dictionary {
        /// The qualified name of its template.
        pub template: String,
        /// Its options in the server's order and words: `stopwords = 'english'`.
        pub options: Vec<String>,
    }
}

impl Kind for Dictionary {
    const NAME: &'static str = "text search dictionary";
    const LABEL: &'static str = "text search dictionary";
    const KEYWORD: &'static str = "TEXT SEARCH DICTIONARY";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::TextSearchDictionary);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::TS_DICT)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT d.oid, d.dictnamespace, d.dictname, format('%I.%I', n.nspname, t.tmplname) AS template, \
              d.dictinitoption, d.dictowner AS owner FROM pg_ts_dict d \
              JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace n ON n.oid = t.tmplnamespace \
              WHERE d.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("dictnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("dictname")?;
        let template = row.text("template")?.to_owned();
        let options = settle::elements(row.text_or_empty("dictinitoption")?);
        Ok(Some(Found::new(
            Id::in_schema(Tag::TextSearchDictionary, schema, name),
            Key::new(Class::TS_DICT, oid),
            Self {
                template,
                options: options
                    .into_iter()
                    .filter(|option| !option.is_empty())
                    .map(str::to_owned)
                    .collect(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { template, options } = self;
        let list: Vec<_> = std::iter::once(format!("TEMPLATE = {template}"))
            .chain(options.iter().cloned())
            .collect();
        let sql = format!(
            "CREATE TEXT SEARCH DICTIONARY {} (\n    {}\n)",
            id.sql(),
            list.join(",\n    ")
        );
        vec![Step::create(id, sql)]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TEXT SEARCH DICTIONARY {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self { template, options } = new;
        if *template != self.template {
            return Change::Replace;
        }
        // A bare name removes an option; one that is set goes to the end, so all are set, in order.
        let removed = self.options.iter().map(|option| name_of(option));
        let removed = removed.filter(|name| options.iter().all(|option| name_of(option) != *name));
        let list: Vec<_> = removed.chain(options.iter().map(String::as_str)).collect();
        let sql = format!(
            "ALTER TEXT SEARCH DICTIONARY {} ({})",
            id.sql(),
            list.join(", ")
        );
        Change::InPlace(vec![Step::alter(id, sql)])
    }
}

fn name_of(option: &str) -> &str {
    option.split_once(" = ").map_or(option, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_change_in_place() {
        let id = Id::in_schema(Tag::TextSearchDictionary, "app", "D");
        let dictionary = |options: &[&str]| Dictionary {
            template: "pg_catalog.snowball".to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
        };
        let (old, new) = (
            dictionary(&["language = 'english'", "\"Stop\" = 'a, b'"]),
            dictionary(&["language = 'german'"]),
        );
        assert_eq!(
            old.create(&id, &Catalog::default())[0].sql,
            "CREATE TEXT SEARCH DICTIONARY app.\"D\" (\n    TEMPLATE = pg_catalog.snowball,\n    \
             language = 'english',\n    \"Stop\" = 'a, b'\n)"
        );
        let Change::InPlace(steps) = old.change(&new, &id, &Catalog::default()) else {
            panic!("it was to be replaced")
        };
        assert_eq!(
            steps[0].sql,
            "ALTER TEXT SEARCH DICTIONARY app.\"D\" (\"Stop\", language = 'german')"
        );
    }
}
