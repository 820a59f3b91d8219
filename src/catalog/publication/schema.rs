//! Schemas in publications (`pg_publication_namespace`, 15 and later; manual: CREATE PUBLICATION): all their
//! tables are published.

use super::alter;
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
    /// A schema in a publication.
    pub struct PublishedSchema {
        /// The publication.
        pub publication: String,
        /// The schema.
        pub schema: String,
    }
}

impl PublishedSchema {
    fn alter(&self, verb: &str) -> String {
        let what = format!("TABLES IN SCHEMA {}", ident(&self.schema));
        alter(&self.publication, verb, &what)
    }
}

impl Kind for PublishedSchema {
    const NAME: &'static str = "publication namespace";
    const LABEL: &'static str = "publication namespace";
    const KEYWORD: &'static str = "PUBLICATION";
    const STYLE: Style = Style::Verbatim;
    const FAMILY: Family = Family::Own(Tag::PublishedSchema);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::PUBLICATION)];
    const QUERIES: &'static [Query] = &[Query {
        since: 150_000,
        sql: "SELECT n.oid, p.oid AS publication, p.pubname, n.pnnspid \
              FROM pg_publication_namespace n JOIN pg_publication p ON p.oid = n.pnpubid",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let member = names.is_member(Class::PUBLICATION, row.number("publication")?);
        let Some(schema) = names.schema(row.number("pnnspid")?).filter(|_| !member) else {
            return Ok(None);
        };
        if !names.scope().covers_database() {
            return Ok(None);
        }
        let publication = row.text("pubname")?;
        let name = format!("{} in publication {}", ident(&schema), ident(publication));
        Ok(Some(Found::new(
            Id::global(Tag::PublishedSchema, name),
            Key::new(Class::PUBLICATION_NAMESPACE, row.number("oid")?),
            Self {
                publication: publication.to_owned(),
                schema: schema.to_string(),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        vec![Step::create(id, self.alter("ADD"))]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        vec![(150_000, "the tables of a schema in a publication")]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, self.alter("DROP"))
    }

    fn change(&self, _new: &Self, _id: &Id, _scene: &Catalog) -> Change {
        Change::Replace
    }

    /// Only a superuser may publish a whole schema.
    fn needs_superuser(&self) -> bool {
        true
    }
}
