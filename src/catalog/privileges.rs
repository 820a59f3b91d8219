//! Privileges on what is not ours: members of extensions (parts of their extension) and objects of `pg_catalog`, where
//! they are not what they were at first (`pg_init_privs`). Of `information_schema` nobody noted that, and `pg_dump`
//! leaves it out too.
//!
//! An owner here is whoever made the extension or the cluster; it is named, never changed.

use super::address::{Class, Key};
use super::demand::Demand;
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Tag};
use super::meta::acl::{self, Grant, Target};
use super::names::Names;
use super::roles::{RoleNames, rename};
use super::row::{Row, RowError};
use super::step::Step;
use super::{Catalog, moved};
use crate::record;

record! {
    /// The privileges on one object.
    pub struct Privileges {
        /// How GRANT names it, with its keyword: `ROUTINE pg_catalog.pg_ls_dir(text)`.
        pub on: String,
        /// The column of that table; empty for all of it.
        pub column: String,
        /// Its owner.
        pub owner: String,
        /// What they were at first.
        pub initial: Vec<Grant>,
        /// What they are.
        pub grants: Vec<Grant>,
    }
}

impl Privileges {
    fn is_of_table(&self) -> bool {
        self.on.starts_with("TABLE ") && self.column.is_empty()
    }

    fn steps(&self, id: &Id, old: &[Grant], new: &[Grant]) -> Vec<Step> {
        let target = Target {
            prefix: "",
            column: Some(self.column.as_str()).filter(|column| !column.is_empty()),
            on: self.on.clone(),
        };
        target.change(id, &self.owner, old, new)
    }
}

impl Kind for Privileges {
    const NAME: &'static str = "privileges on";
    const LABEL: &'static str = "privileges";
    const KEYWORD: &'static str = "PRIVILEGES";
    const STYLE: Style = Style::Verbatim;
    /// That of extensions, whose parts they are.
    const FAMILY: Family = Family::Database;
    const IS_PRIVILEGES: bool = true;
    const REBUILDABLE: bool = true;
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "WITH member AS (SELECT d.classid, d.objid, e.extname, e.extnamespace FROM pg_depend d \
              JOIN pg_extension e ON e.oid = d.refobjid WHERE d.refclassid = 3079 AND d.refobjid = ANY (ARRAY(SELECT oid FROM pg_extension)) AND d.deptype = 'e'), \
              found AS (SELECT 1259 AS class, oid, 0 AS sub, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS letter, \
              CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS keyword, relowner AS holder, relacl AS acl, '' AS attname FROM pg_class \
              WHERE oid < 16384 AND relnamespace = 11 OR oid = ANY (ARRAY(SELECT objid FROM member WHERE classid = 1259)) \
              UNION ALL SELECT 1259, attrelid, attnum, 'c', 'TABLE', relowner, attacl, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid \
              WHERE attrelid < 16384 AND relnamespace = 11 OR attrelid = ANY (ARRAY(SELECT objid FROM member WHERE classid = 1259)) \
              UNION ALL SELECT 1255, oid, 0, 'f', 'ROUTINE', proowner, proacl, '' FROM pg_proc \
              WHERE oid < 16384 AND pronamespace = 11 OR oid = ANY (ARRAY(SELECT objid FROM member WHERE classid = 1255)) \
              UNION ALL SELECT 1247, oid, 0, 'T', 'TYPE', typowner, typacl, '' FROM pg_type \
              WHERE oid < 16384 AND typnamespace = 11 OR oid = ANY (ARRAY(SELECT objid FROM member WHERE classid = 1247)) \
              UNION ALL SELECT 2612, oid, 0, 'l', 'LANGUAGE', lanowner, lanacl, '' FROM pg_language \
              UNION ALL SELECT 2615, oid, 0, 'n', 'SCHEMA', nspowner, nspacl, '' FROM pg_namespace \
              WHERE oid = 11 OR oid = ANY (ARRAY(SELECT objid FROM member WHERE classid = 2615)) \
              UNION ALL SELECT 2328, oid, 0, 'F', 'FOREIGN DATA WRAPPER', fdwowner, fdwacl, '' FROM pg_foreign_data_wrapper \
              UNION ALL SELECT 1417, oid, 0, 'S', 'FOREIGN SERVER', srvowner, srvacl, '' FROM pg_foreign_server) \
              SELECT f.oid, f.letter, f.keyword, f.holder, f.acl AS grants, f.attname, i.initprivs, o.type, o.identity, \
              CASE WHEN f.sub <> 0 THEN (pg_identify_object(f.class::oid, f.oid, 0)).identity END AS of_table, m.extname, m.extnamespace \
              FROM found f LEFT JOIN member m ON m.classid = f.class AND m.objid = f.oid \
              LEFT JOIN pg_init_privs i ON i.classoid = f.class AND i.objoid = f.oid AND i.objsubid = f.sub \
              CROSS JOIN LATERAL pg_identify_object(f.class::oid, f.oid, f.sub) o \
              WHERE f.acl IS NOT NULL AND f.acl IS DISTINCT FROM i.initprivs AND (f.oid < 16384 OR m.objid IS NOT NULL)",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let extension = row.opt("extname")?;
        let covered = match row.opt_number("extnamespace")? {
            Some(namespace) => names
                .any_schema(namespace)
                .is_some_and(|schema| super::extension::covers(names.scope(), &schema)),
            None => names.scope().covers_database(),
        };
        let owner = names.role(row.number("holder")?)?;
        let initial = match row.opt("initprivs")? {
            Some(_) => acl::parse_list(&row.list("initprivs")?)?,
            None => acl::default(row.letter("letter")?, &owner, names.version()),
        };
        let grants = acl::parse_list(&row.list("grants")?)?;
        if !covered || grants == initial {
            return Ok(None);
        }
        let identity = row.text("identity")?;
        let name = format!("{} {identity}", row.text("type")?);
        let on = row.opt("of_table")?.unwrap_or(identity);
        Ok(Some(Found::new(
            match extension {
                Some(extension) => Id::part(Tag::Privileges, "", extension, name),
                None => Id::global(Tag::Privileges, name),
            },
            Key::new(Class::INIT_PRIVS, row.number("oid")?),
            Self {
                on: format!("{} {on}", row.text("keyword")?),
                column: row.text("attname")?.to_owned(),
                owner: owner.to_string(),
                initial,
                grants,
            },
        )))
    }

    fn demands(&self, _id: &Id, _version: u32) -> Vec<Demand> {
        vec![Demand::membership(&self.owner)]
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let mut steps = self.steps(id, &self.initial, &self.grants);
        if let Some(first) = steps.first_mut() {
            first.makes.push(id.clone());
        }
        steps
    }

    fn before_drop(&self, id: &Id) -> Vec<Step> {
        let mut steps = self.steps(id, &self.grants, &self.initial);
        steps.pop();
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        let last = self.steps(id, &self.grants, &self.initial).pop();
        Step {
            frees: vec![id.clone()],
            ..last.unwrap_or_else(|| Step::alter(id, String::new()))
        }
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        if (&self.on, &self.owner) != (&new.on, &new.owner) || self.initial != new.initial {
            return Change::Replace;
        }
        Change::InPlace(self.steps(id, &self.grants, &new.grants))
    }

    fn newer(&self, _id: &Id, scene: &Catalog) -> Vec<(u32, &'static str)> {
        let lost = self.is_of_table()
            && !moved::move_grants(&mut self.grants.clone(), &self.owner, scene.version(), 0);
        lost.then_some(moved::MAINTAIN).into_iter().collect()
    }

    fn move_to(&mut self, _id: &Id, from: &Catalog, version: u32) {
        if self.is_of_table() {
            for list in [&mut self.initial, &mut self.grants] {
                moved::move_grants(list, &self.owner, from.version(), version);
            }
        }
    }

    fn roles(&self) -> Vec<&str> {
        let grants = self.grants.iter();
        let named = grants.flat_map(|grant| [grant.grantee.as_str(), grant.grantor.as_str()]);
        std::iter::once(self.owner.as_str()).chain(named).collect()
    }

    fn rename_roles(&mut self, _id: &mut Id, names: &RoleNames, _version: u32) -> bool {
        rename(&mut self.owner, names);
        acl::rename_roles(&mut self.initial, names);
        acl::rename_roles(&mut self.grants, names);
        self.grants != self.initial
    }
}
