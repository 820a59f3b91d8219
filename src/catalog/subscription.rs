//! Subscriptions (`pg_subscription`; manual: CREATE SUBSCRIPTION). Whether one is enabled, and what it has copied,
//! is its state and not schema: a new one is made without connecting, and does nothing until it is enabled.
//!
//! Dropping one leaves its slot at the publisher, since nothing outside the transaction is touched.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Tag};
use super::names::Names;
use super::quote::{ident_list, literal};
use super::record::Neutral;
use super::row::{Row, RowError};
use super::secret;
use super::step::Step;
use crate::record;

record! {
    /// A subscription.
    pub struct Subscription {
        /// The connection string without secrets; the marker of a secret alone for who may not read it.
        pub connection: String,
        /// The publications, in the server's order.
        pub publications: Vec<String>,
        /// The slot, when it does not have the subscription's name; `None` for none.
        pub slot: Slot,
        /// Parameters (`name=value`) that are not as they are by default, in the order of the manual.
        pub parameters: Vec<String>,
    }
}

/// The replication slot at the publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Of the subscription's name.
    #[default]
    Own,
    /// None.
    None,
    /// Of this name.
    Named(String),
}

impl Neutral for Slot {}

impl Slot {
    fn sql(&self, id: &Id) -> String {
        match self {
            Self::Own => literal(&id.name),
            Self::None => "NONE".to_owned(),
            Self::Named(name) => literal(name),
        }
    }
}

/// Parameters, their columns, their values when they are not given, and the versions that brought them.
const PARAMETERS: &[(&str, &str, &str, u32)] = &[
    ("synchronous_commit", "subsynccommit", "off", 0),
    ("binary", "subbinary", "false", 140_000),
    ("streaming", "substream", "off", 140_000),
    ("two_phase", "subtwophasestate", "false", 150_000),
    ("disable_on_error", "subdisableonerr", "false", 150_000),
    ("origin", "suborigin", "any", 160_000),
    ("password_required", "subpasswordrequired", "true", 160_000),
    ("run_as_owner", "subrunasowner", "false", 160_000),
    ("failover", "subfailover", "false", 170_000),
];

/// What all subscriptions did before version 16.
const AS_OWNER: &str = "run_as_owner=true";

/// The connection string is read by a statement of its own, since to name its column needs a right that only a
/// superuser has. It comes in hex, so that nothing in it is XML.
macro_rules! query {
    ($columns:literal) => {
        concat!(
            "SELECT oid, subname, subowner AS owner, subslotname, subpublications, subsynccommit",
            $columns,
            ", CASE WHEN has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT') THEN ",
            "convert_from(decode(substring(query_to_xml(format('SELECT encode(convert_to(subconninfo, ''UTF8''), ''hex'') AS c ",
            "FROM pg_catalog.pg_subscription WHERE oid = %s', oid), false, true, '')::text FROM '<c>([0-9a-f]*)</c>'), 'hex'), 'UTF8') ",
            "END AS connection FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    };
}

/// On 13 that is so of more columns: who may not read them is refused where there is a subscription, and only there.
const QUERY_13: &str = "SELECT substring(x.row FROM '<oid>([0-9]+)</oid>')::oid AS oid, s.subname, s.subowner AS owner, \
     s.subslotname, s.subpublications, substring(x.row FROM '<subsynccommit>([a-z_]+)</subsynccommit>') AS subsynccommit, \
     convert_from(decode(substring(x.row FROM '<c>([0-9a-f]*)</c>'), 'hex'), 'UTF8') AS connection \
     FROM pg_subscription s CROSS JOIN LATERAL (SELECT query_to_xml(format('SELECT oid, subsynccommit, \
     encode(convert_to(subconninfo, ''UTF8''), ''hex'') AS c FROM pg_catalog.pg_subscription WHERE subdbid = %s AND subname = %L', \
     s.subdbid, s.subname), false, true, '')::text AS row) x \
     WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

impl Subscription {
    /// What WITH says besides that nothing is connected to. From 18 on streaming is parallel unless it is said.
    fn with(&self, id: &Id, version: u32) -> String {
        let mut list = vec![
            "connect = false".to_owned(),
            format!("slot_name = {}", self.slot.sql(id)),
        ];
        let streams = self
            .parameters
            .iter()
            .any(|text| text.starts_with("streaming="));
        if version >= 180_000 && !streams {
            list.push("streaming = off".to_owned());
        }
        list.extend(
            self.parameters
                .iter()
                .map(|text| text.replacen('=', " = ", 1)),
        );
        list.join(", ")
    }

    /// The parameters that another one does not have so, as SET takes them.
    fn changed(&self, old: &Self) -> Vec<String> {
        let value = |subscription: &'_ Self, name: &str, default: &str| {
            let mut list = subscription
                .parameters
                .iter()
                .map(|text| super::options::split(text));
            let found = list
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.to_owned());
            found.unwrap_or_else(|| default.to_owned())
        };
        let changed = PARAMETERS.iter().filter_map(|(name, _, default, _)| {
            let new = value(self, name, default);
            (new != value(old, name, default)).then(|| format!("{name} = {new}"))
        });
        changed.collect()
    }
}

impl Kind for Subscription {
    const NAME: &'static str = "subscription";
    const LABEL: &'static str = "subscription";
    const KEYWORD: &'static str = "SUBSCRIPTION";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::Subscription);
    /// It knows what it has copied.
    const HOLDS_DATA: bool = true;
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: QUERY_13,
        },
        Query {
            since: 140_000,
            sql: query!(", subbinary, substream"),
        },
        Query {
            since: 150_000,
            sql: query!(
                ", subbinary, substream, subtwophasestate <> 'd' AS subtwophasestate, subdisableonerr"
            ),
        },
        Query {
            since: 160_000,
            sql: query!(
                ", subbinary, substream, subtwophasestate <> 'd' AS subtwophasestate, subdisableonerr, \
                 suborigin, subpasswordrequired, subrunasowner"
            ),
        },
        Query {
            since: 170_000,
            sql: query!(
                ", subbinary, substream, subtwophasestate <> 'd' AS subtwophasestate, subdisableonerr, \
                 suborigin, subpasswordrequired, subrunasowner, subfailover"
            ),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        let name = row.text("subname")?;
        let mut parameters = Vec::new();
        for (parameter, column, default, _) in PARAMETERS {
            if !row.has(column) {
                continue;
            }
            let value = match row.text(column)? {
                "t" if *parameter == "streaming" => "on",
                "f" if *parameter == "streaming" => "off",
                "p" if *parameter == "streaming" => "parallel",
                "t" => "true",
                "f" => "false",
                other => other,
            };
            if value != *default {
                parameters.push(format!("{parameter}={value}"));
            }
        }
        Ok(Some(Found::new(
            Id::global(Tag::Subscription, name),
            Key::new(Class::SUBSCRIPTION, row.number("oid")?),
            Self {
                connection: row.opt("connection")?.map_or_else(
                    || format!("password={}", secret::MARKER),
                    secret::hide_in_connection,
                ),
                publications: row.list("subpublications")?,
                slot: match row.opt("subslotname")? {
                    None => Slot::None,
                    Some(slot) if slot == name => Slot::Own,
                    Some(slot) => Slot::Named(slot.to_owned()),
                },
                parameters,
            },
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let sql = format!(
            "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})",
            id.sql(),
            literal(&self.connection),
            ident_list(&self.publications),
            self.with(id, scene.version())
        );
        vec![Step::create(id, sql)]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let told = |name: &str| {
            let mut list = self.parameters.iter();
            list.find(|text| super::options::split(text).0 == name)
        };
        let newer = PARAMETERS.iter().filter_map(|&(name, .., since)| {
            let value = told(name)?;
            Some(if value == "streaming=parallel" {
                (160_000, "streaming = parallel")
            } else {
                (since, name)
            })
        });
        newer.collect()
    }

    /// Before 16 changes were applied with the rights of the owner.
    fn move_to(&mut self, _id: &Id, from: &Catalog, version: u32) {
        const SINCE: u32 = 160_000;
        if version < SINCE {
            self.parameters.retain(|text| text != AS_OWNER);
        } else if from.version() < SINCE {
            self.parameters.push(AS_OWNER.to_owned());
        }
    }

    /// Dropped with its slot it could not be in a transaction.
    fn before_drop(&self, id: &Id) -> Vec<Step> {
        if self.slot == Slot::None {
            return Vec::new();
        }
        let alter = |what: &str| Step::alter(id, format!("ALTER SUBSCRIPTION {} {what}", id.sql()));
        vec![alter("DISABLE"), alter("SET (slot_name = NONE)")]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP SUBSCRIPTION {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            connection,
            publications,
            slot,
            parameters: _,
        } = new;
        if *connection != self.connection && secret::is_hidden(connection) {
            return Change::Impossible(
                "has another connection string in the target, whose password is in no snapshot; \
                 give it that one with its password first: ALTER SUBSCRIPTION .. CONNECTION",
            );
        }
        let alter =
            |what: String| Step::alter(id, format!("ALTER SUBSCRIPTION {} {what}", id.sql()));
        let mut steps = Vec::new();
        if *connection != self.connection {
            steps.push(alter(format!("CONNECTION {}", literal(connection))));
        }
        if *publications != self.publications {
            let list = ident_list(publications);
            steps.push(alter(format!(
                "SET PUBLICATION {list} WITH (refresh = false)"
            )));
        }
        let mut changed = new.changed(self);
        let fixed = changed.iter().any(|text| {
            text.starts_with("failover")
                || (text.starts_with("two_phase") && scene.version() < 180_000)
        });
        if fixed {
            return Change::Replace;
        }
        if *slot != self.slot {
            changed.push(format!("slot_name = {}", slot.sql(id)));
        }
        if !changed.is_empty() {
            steps.push(alter(format!("SET ({})", changed.join(", "))));
        }
        Change::InPlace(steps)
    }

    fn keeps_secret(&self) -> bool {
        secret::is_hidden(&self.connection)
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
