//! Subscriptions (`pg_subscription`; manual: CREATE SUBSCRIPTION). Whether one is enabled, and what it has copied,
//! is its state and not schema: a new one is made without connecting, and does nothing until it is enabled.
//!
//! Dropping one leaves its slot at the publisher, since nothing outside the transaction is touched.

use super::Catalog;
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Tag};
use super::names::{Class, Key, Names};
use super::quote::{ident_list, literal};
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

impl Slot {
    fn sql(&self, id: &Id) -> String {
        match self {
            Self::Own => literal(&id.name),
            Self::None => "NONE".to_owned(),
            Self::Named(name) => literal(name),
        }
    }
}

/// Parameters, their columns, and their values when they are not given.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("synchronous_commit", "subsynccommit", "off"),
    ("binary", "subbinary", "false"),
    ("streaming", "substream", "off"),
    ("two_phase", "subtwophasestate", "false"),
    ("disable_on_error", "subdisableonerr", "false"),
    ("origin", "suborigin", "any"),
    ("password_required", "subpasswordrequired", "true"),
    ("run_as_owner", "subrunasowner", "false"),
    ("failover", "subfailover", "false"),
];

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
        let changed = PARAMETERS.iter().filter_map(|(name, _, default)| {
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
            sql: query!(""),
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
        for (parameter, column, default) in PARAMETERS {
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
        Ok(Some(Found {
            id: Id::global(Tag::Subscription, name),
            keys: vec![Key::new(Class::SUBSCRIPTION, row.number("oid")?)],
            position: None,
            body: Self {
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
        }))
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
