//! What a database has besides its schema (manual: CREATE DATABASE, ALTER DATABASE, `pg_db_role_setting`). It is recorded
//! beside the root, shown and compared; no plan changes it, as `pg_dump` without `--create` does not.
//!
//! Relies on `meta::acl` and `routine::setting` for how it is written. Must not: be part of a root.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::meta::acl::{self, Grant};
use super::quote::{ident, literal};
use super::record::is_neutral;
use super::roles::{RoleNames, rename};
use super::routine::setting;
use super::row::{Row, RowError};
use super::secret;

/// Settings by name; of a secret one the value is a marker.
pub type Settings = BTreeMap<String, String>;

/// What is recorded beside the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// `ALTER DATABASE .. SET`.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub settings: Settings,
    /// `ALTER ROLE .. IN DATABASE .. SET`, by role.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub role_settings: BTreeMap<String, Settings>,
    /// The row of `pg_database`; `None` where nothing was recorded, and then nothing can be compared.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub properties: Option<Properties>,
}

/// The row of `pg_database`, and what is said about it elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Properties {
    /// The role that owns it.
    pub owner: String,
    /// Its encoding, as `pg_encoding_to_char()` names it.
    pub encoding: String,
    /// Who compares its texts: `libc`, `icu` (15) or `builtin` (17).
    pub provider: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub ctype: String,
    /// The locale of a provider other than `libc`.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub locale: String,
    /// The collation rules of ICU.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub rules: String,
    /// Its tablespace.
    pub tablespace: String,
    /// How many may connect; `None` for any number.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub connection_limit: Option<i32>,
    /// Whether others than its owner may copy it.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub is_template: bool,
    /// Its ACL; `None` when it is the default.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub acl: Option<Vec<Grant>>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub comment: Option<String>,
    /// Its security labels, by provider.
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub labels: BTreeMap<String, String>,
}

/// One row, about the connected database. Columns that only some versions have are NULL elsewhere.
pub const QUERY: &str = "SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system, d.oid, d.datname AS name, \
     pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding, to_jsonb(d)->>'datlocprovider' AS provider, \
     d.datcollate AS collate, d.datctype AS ctype, coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale, \
     to_jsonb(d)->>'daticurules' AS rules, t.spcname AS tablespace, nullif(d.datconnlimit, -1) AS limit, \
     d.datistemplate AS template, d.datacl AS acl, \
     (SELECT description FROM pg_shdescription WHERE classoid = 1262 AND objoid = d.oid) AS comment, \
     (SELECT array_agg(provider || '=' || label) FROM pg_shseclabel WHERE classoid = 1262 AND objoid = d.oid) AS labels \
     FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = current_database()";

/// A row for each role with settings in the connected database; NULL for the settings of the database itself.
pub const SETTINGS_QUERY: &str = "SELECT CASE WHEN setrole <> 0 THEN pg_get_userbyid(setrole) END AS role, setconfig AS settings \
     FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// `name=value` texts as pairs.
fn pairs(texts: &[String]) -> BTreeMap<String, String> {
    let pairs = texts.iter().filter_map(|text| text.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

impl Properties {
    /// Reads a row of [`QUERY`].
    pub fn read(row: &Row<'_>) -> Result<Self, RowError> {
        let owner = row.text("owner")?.to_owned();
        let provider = match row.opt("provider")? {
            None | Some("c") => "libc",
            Some("i") => "icu",
            Some("b") => "builtin",
            Some(other) => return Err(RowError::new("provider", format!("{other:?} is none"))),
        };
        let acl = match row.opt("acl")? {
            None => None,
            Some(_) => Some(acl::parse_list(&row.list("acl")?)?),
        };
        Ok(Self {
            encoding: row.text("encoding")?.to_owned(),
            provider: provider.to_owned(),
            collate: row.text_or_empty("collate")?.to_owned(),
            ctype: row.text_or_empty("ctype")?.to_owned(),
            locale: row.text_or_empty("locale")?.to_owned(),
            rules: row.text_or_empty("rules")?.to_owned(),
            tablespace: row.text("tablespace")?.to_owned(),
            connection_limit: row.opt_number("limit")?,
            is_template: row.flag("template")?,
            acl: acl.filter(|list| *list != default_acl(&owner)),
            comment: row.opt("comment")?.map(str::to_owned),
            labels: pairs(&row.list("labels")?),
            owner,
        })
    }

    /// As if it belonged to another role: what the owner had or granted is that one's.
    #[must_use]
    pub fn owned_by(&self, owner: &str) -> Self {
        let mut given = self.clone();
        for grant in given.acl.iter_mut().flatten() {
            acl::hand_over(grant, &self.owner, owner);
        }
        owner.clone_into(&mut given.owner);
        given
    }

    fn grants(&self) -> Vec<Grant> {
        let default = || default_acl(&self.owner);
        self.acl.clone().unwrap_or_else(default)
    }
}

/// The same in all versions.
fn default_acl(owner: &str) -> Vec<Grant> {
    acl::default('d', owner, 0)
}

/// Something that differs between what is beside two roots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What: `comment`, `setting search_path`.
    pub what: String,
    /// Its old value, in words; `None` when there was none.
    pub old: Option<String>,
    /// Its new value.
    pub new: Option<String>,
    /// What makes the new of the old one; nothing where only CREATE DATABASE can.
    pub sql: Vec<String>,
}

/// A property that is not as CREATE DATABASE makes it.
struct Property {
    what: String,
    value: String,
    set: Option<String>,
    unset: Option<String>,
}

impl Beside {
    /// Takes in a row of [`SETTINGS_QUERY`]. Secrets are left out.
    pub fn add_settings(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let settings = pairs(&secret::hide_in_settings(row.list("settings")?));
        match row.opt("role")? {
            None => self.settings = settings,
            Some(role) => drop(self.role_settings.insert(role.to_owned(), settings)),
        }
        Ok(())
    }

    /// Whether a secret was left out.
    pub fn keeps_secret(&self) -> bool {
        let all = self.role_settings.values().chain([&self.settings]);
        all.flat_map(Settings::values)
            .any(|value| secret::is_hidden(value))
    }

    /// With other names of roles.
    #[must_use]
    pub fn with_roles(&self, names: &RoleNames) -> Self {
        let mut renamed = self.clone();
        if let Some(properties) = &mut renamed.properties {
            rename(&mut properties.owner, names);
            if let Some(list) = &mut properties.acl {
                acl::rename_roles(list, names);
            }
            let acl = properties.acl.take();
            properties.acl = acl.filter(|list| *list != default_acl(&properties.owner));
        }
        renamed.role_settings.clear();
        for (role, settings) in &self.role_settings {
            let mut role = role.clone();
            rename(&mut role, names);
            renamed
                .role_settings
                .entry(role)
                .or_default()
                .extend(settings.clone());
        }
        renamed
    }

    /// The SQL that makes a database of this name with all of it but the schema; empty where nothing was recorded.
    pub fn sql(&self, name: &str) -> Vec<String> {
        let Some(properties) = &self.properties else {
            return Vec::new();
        };
        // What cannot be altered is as it will be.
        let new = Self {
            properties: Some(Properties {
                connection_limit: None,
                is_template: false,
                acl: None,
                comment: None,
                labels: BTreeMap::new(),
                ..properties.clone()
            }),
            ..Self::default()
        };
        let changes = new.differences(self, name).into_iter();
        [properties.create(name)]
            .into_iter()
            .chain(changes.flat_map(|change| change.sql))
            .collect()
    }

    /// What differs from here to `new`; `name` is how the database is called in the SQL.
    pub fn differences(&self, new: &Self, name: &str) -> Vec<Difference> {
        let (Some(old_row), Some(new_row)) = (&self.properties, &new.properties) else {
            return Vec::new();
        };
        let all = |beside: &Self, row: &Properties| -> BTreeMap<String, Property> {
            let properties = row.list(name).into_iter().chain(beside.list(name));
            properties
                .map(|found| (found.what.clone(), found))
                .collect()
        };
        let (mut olds, mut news) = (all(self, old_row), all(new, new_row));
        let names: BTreeSet<String> = olds.keys().chain(news.keys()).cloned().collect();
        let mut differences: Vec<Difference> = Vec::new();
        for what in names {
            let (before, after) = (olds.remove(&what), news.remove(&what));
            let value = |side: &Option<Property>| side.as_ref().map(|found| found.value.clone());
            let (old, new) = (value(&before), value(&after));
            if old == new {
                continue;
            }
            let sql = match (before, after) {
                (_, Some(after)) => after.set,
                (before, None) => before.and_then(|before| before.unset),
            };
            differences.push(Difference {
                what,
                old,
                new,
                sql: sql.into_iter().collect(),
            });
        }
        differences.extend(old_row.privileges(new_row, name));
        differences
    }

    fn list(&self, name: &str) -> Vec<Property> {
        let database = format!("DATABASE {}", ident(name));
        let mut list = Vec::new();
        let mut add = |settings: &Settings, of: &str, whose: &str| {
            for (setting, value) in settings {
                list.push(Property {
                    what: format!("setting {setting}{whose}"),
                    value: value.clone(),
                    set: Some(format!("ALTER {of} {}", setting::set(setting, value))),
                    unset: Some(format!("ALTER {of} RESET {}", ident(setting))),
                });
            }
        };
        add(&self.settings, &database, "");
        for (role, settings) in &self.role_settings {
            let of = format!("ROLE {} IN {database}", ident(role));
            add(settings, &of, &format!(" of role {role}"));
        }
        list
    }
}

impl Properties {
    /// All but the ACL.
    fn list(&self, name: &str) -> Vec<Property> {
        let Self {
            owner,
            encoding,
            provider,
            collate,
            ctype,
            locale,
            rules,
            tablespace,
            connection_limit,
            is_template,
            acl: _,
            comment,
            labels,
        } = self;
        let name = ident(name);
        let alter = |what: String| Some(format!("ALTER DATABASE {name} {what}"));
        let property = |what: &str, value: &str, set, unset| Property {
            what: what.to_owned(),
            value: value.to_owned(),
            set,
            unset,
        };
        let made = [
            ("encoding", encoding),
            ("locale provider", provider),
            ("collation", collate),
            ("character type", ctype),
            ("locale", locale),
            ("collation rules", rules),
        ];
        let made = made.into_iter().filter(|(_, value)| !value.is_empty());
        let mut list: Vec<Property> = made
            .map(|(what, value)| property(what, value, None, None))
            .collect();
        let give = alter(format!("OWNER TO {}", ident(owner)));
        list.push(property("owner", owner, give, None));
        let to_tablespace = alter(format!("SET TABLESPACE {}", ident(tablespace)));
        list.push(property("tablespace", tablespace, to_tablespace, None));
        if let Some(limit) = connection_limit {
            let limited = |limit| alter(format!("CONNECTION LIMIT {limit}"));
            let value = limit.to_string();
            list.push(property(
                "connection limit",
                &value,
                limited(*limit),
                limited(-1),
            ));
        }
        if *is_template {
            let template = |is| alter(format!("IS_TEMPLATE {is}"));
            list.push(property(
                "template",
                "true",
                template(true),
                template(false),
            ));
        }
        if let Some(comment) = comment {
            let says = |text: &str| Some(format!("COMMENT ON DATABASE {name} IS {text}"));
            list.push(property(
                "comment",
                comment,
                says(&literal(comment)),
                says("NULL"),
            ));
        }
        for (provider, label) in labels {
            let of = ident(provider);
            let says = |text: &str| {
                Some(format!(
                    "SECURITY LABEL FOR {of} ON DATABASE {name} IS {text}"
                ))
            };
            let what = format!("label of {provider}");
            list.push(property(&what, label, says(&literal(label)), says("NULL")));
        }
        list
    }

    /// What differs in privileges, apart from what follows from another owner.
    fn privileges(&self, new: &Self, name: &str) -> Option<Difference> {
        let mut old = self.owned_by(&new.owner).grants();
        let mut grants = new.grants();
        old.sort();
        grants.sort();
        if old == grants {
            return None;
        }
        let on = format!("DATABASE {}", ident(name));
        let words = |list: &[Grant]| {
            Some(
                list.iter()
                    .map(Grant::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            )
        };
        Some(Difference {
            what: "privileges".to_owned(),
            old: words(&old),
            new: words(&grants),
            sql: acl::statements(on, &new.owner, &old, &grants),
        })
    }

    fn create(&self, name: &str) -> String {
        let mut sql = format!(
            "CREATE DATABASE {} TEMPLATE template0 OWNER {} ENCODING {}",
            ident(name),
            ident(&self.owner),
            literal(&self.encoding)
        );
        let locale = match self.provider.as_str() {
            "libc" => "",
            "icu" => " LOCALE_PROVIDER icu ICU_LOCALE ",
            _ => " LOCALE_PROVIDER builtin BUILTIN_LOCALE ",
        };
        let rules = if self.rules.is_empty() {
            ""
        } else {
            " ICU_RULES "
        };
        let tablespace = match self.tablespace.as_str() {
            "pg_default" => String::new(),
            other => format!(" TABLESPACE {}", ident(other)),
        };
        let texts = [
            (" LC_COLLATE ", &self.collate),
            (" LC_CTYPE ", &self.ctype),
            (locale, &self.locale),
            (rules, &self.rules),
        ];
        for (words, text) in texts {
            if !words.is_empty() {
                sql.push_str(words);
                sql.push_str(&literal(text));
            }
        }
        sql + &tablespace
    }
}
