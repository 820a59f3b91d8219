//! Text search configurations (`pg_ts_config`, `pg_ts_config_map`; manual: CREATE TEXT SEARCH CONFIGURATION):
//! which dictionaries look up which types of tokens of a parser.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A configuration.
    pub struct Configuration {
        /// The qualified name of its parser.
        pub parser: String,
        /// What is looked up, in the order of the parser's types of tokens.
        pub mappings: Vec<Mapping>,
    }
}

record! {
    /// Where tokens of a type are looked up.
    pub struct Mapping {
        /// The type of token, as the parser calls it.
        pub token: String,
        /// The qualified names of the dictionaries, asked in this order and separated by commas.
        pub dictionaries: String,
    }
}

impl Kind for Configuration {
    const NAME: &'static str = "text search configuration";
    const LABEL: &'static str = "text search configuration";
    const KEYWORD: &'static str = "TEXT SEARCH CONFIGURATION";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Own(Tag::TextSearchConfiguration);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::TS_CONFIG)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.cfgnamespace, c.cfgname, format('%I.%I', n.nspname, p.prsname) AS parser, \
              m.tokens, m.dictionaries, c.cfgowner AS owner \
              FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace n ON n.oid = p.prsnamespace \
              LEFT JOIN LATERAL (SELECT array_agg(t.alias ORDER BY t.tokid) AS tokens, \
              array_agg(l.dictionaries ORDER BY t.tokid) AS dictionaries \
              FROM (SELECT maptokentype, string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY mapseqno) AS dictionaries \
              FROM pg_ts_config_map JOIN pg_ts_dict d ON d.oid = mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace \
              WHERE mapcfg = c.oid GROUP BY maptokentype) l JOIN ts_token_type(c.cfgparser) t ON t.tokid = l.maptokentype) m ON true \
              WHERE c.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("cfgnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("cfgname")?;
        let parser = row.text("parser")?.to_owned();
        let tokens = row.list("tokens")?.into_iter();
        let mappings = tokens
            .zip(row.list("dictionaries")?)
            .map(|(token, dictionaries)| Mapping {
                token,
                dictionaries,
            });
        Ok(Some(Found::new(
            Id::in_schema(Tag::TextSearchConfiguration, schema, name),
            Key::new(Class::TS_CONFIG, oid),
            Self {
                parser,
                mappings: mappings.collect(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { parser, mappings } = self;
        let sql = format!(
            "CREATE TEXT SEARCH CONFIGURATION {} (PARSER = {parser})",
            id.sql()
        );
        let mut steps = vec![Step::create(id, sql)];
        steps.extend(mappings.iter().map(|mapping| mapping.step(id, "ADD")));
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TEXT SEARCH CONFIGURATION {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self { parser, mappings } = new;
        if *parser != self.parser {
            return Change::Replace;
        }
        let of = |list: &[Mapping], token: &str| {
            let mut same = list.iter().filter(|mapping| mapping.token == token);
            same.next().map(|mapping| mapping.dictionaries.clone())
        };
        let gone = self.mappings.iter().map(|mapping| &mapping.token);
        let gone = gone.filter(|token| of(mappings, token).is_none());
        let mut steps: Vec<_> = gone
            .map(|token| alter(id, &format!("DROP MAPPING FOR {}", ident(token))))
            .collect();
        for mapping in mappings {
            match of(&self.mappings, &mapping.token) {
                None => steps.push(mapping.step(id, "ADD")),
                Some(old) if old != mapping.dictionaries => steps.push(mapping.step(id, "ALTER")),
                Some(_) => {}
            }
        }
        Change::InPlace(steps)
    }
}

impl Mapping {
    fn step(&self, id: &Id, verb: &str) -> Step {
        let Self {
            token,
            dictionaries,
        } = self;
        let token = ident(token);
        alter(
            id,
            &format!("{verb} MAPPING FOR {token} WITH {dictionaries}"),
        )
    }
}

fn alter(id: &Id, what: &str) -> Step {
    let sql = format!("ALTER TEXT SEARCH CONFIGURATION {} {what}", id.sql());
    Step::alter(id, sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_change_in_place() {
        let id = Id::in_schema(Tag::TextSearchConfiguration, "app", "C");
        let configuration = |mappings: &[(&str, &str)]| Configuration {
            parser: "pg_catalog.\"default\"".to_owned(),
            mappings: mappings
                .iter()
                .map(|&(token, dictionaries)| Mapping {
                    token: token.to_owned(),
                    dictionaries: dictionaries.to_owned(),
                })
                .collect(),
        };
        let old = configuration(&[("asciiword", "app.d"), ("word", "app.d"), ("int", "app.n")]);
        let new = configuration(&[
            ("word", "app.e, app.d"),
            ("uint", "app.n"),
            ("int", "app.n"),
        ]);
        let Change::InPlace(steps) = old.change(&new, &id, &Catalog::default()) else {
            panic!("it was to be replaced")
        };
        let sql: Vec<_> = steps
            .iter()
            .map(|step| {
                step.sql
                    .trim_start_matches("ALTER TEXT SEARCH CONFIGURATION app.\"C\" ")
            })
            .collect();
        assert_eq!(
            sql,
            [
                "DROP MAPPING FOR asciiword",
                "ALTER MAPPING FOR word WITH app.e, app.d",
                "ADD MAPPING FOR uint WITH app.n"
            ]
        );
    }
}
