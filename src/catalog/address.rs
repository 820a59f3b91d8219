//! Addresses: what a row of a catalog, or a column, is called where the server says what depends on what.
//!
//! Pure data.

use super::row::{Row, RowError};

/// The catalog that an address points into (`pg_class` OIDs of the catalogs, fixed in `pg_*.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub u32);

#[allow(missing_docs)] // each is the catalog of that name
impl Class {
    pub const ACCESS_METHOD: Self = Self(2601);
    pub const AMOP: Self = Self(2602);
    pub const AMPROC: Self = Self(2603);
    pub const ATTRDEF: Self = Self(2604);
    pub const CAST: Self = Self(2605);
    pub const CLASS: Self = Self(1259);
    pub const COLLATION: Self = Self(3456);
    pub const CONSTRAINT: Self = Self(2606);
    pub const CONVERSION: Self = Self(2607);
    pub const DEFAULT_ACL: Self = Self(826);
    pub const EVENT_TRIGGER: Self = Self(3466);
    pub const EXTENSION: Self = Self(3079);
    pub const FOREIGN_DATA_WRAPPER: Self = Self(2328);
    pub const INIT_PRIVS: Self = Self(3394);
    pub const LANGUAGE: Self = Self(2612);
    pub const NAMESPACE: Self = Self(2615);
    pub const OPCLASS: Self = Self(2616);
    pub const OPERATOR: Self = Self(2617);
    pub const OPFAMILY: Self = Self(2753);
    pub const POLICY: Self = Self(3256);
    pub const PROC: Self = Self(1255);
    pub const PUBLICATION: Self = Self(6104);
    pub const PUBLICATION_NAMESPACE: Self = Self(6237);
    pub const PUBLICATION_REL: Self = Self(6106);
    pub const REWRITE: Self = Self(2618);
    pub const SERVER: Self = Self(1417);
    pub const STATISTIC: Self = Self(3381);
    pub const SUBSCRIPTION: Self = Self(6100);
    pub const TRANSFORM: Self = Self(3576);
    pub const TRIGGER: Self = Self(2620);
    pub const TS_CONFIG: Self = Self(3602);
    pub const TS_DICT: Self = Self(3600);
    pub const TS_PARSER: Self = Self(3601);
    pub const TS_TEMPLATE: Self = Self(3764);
    pub const TYPE: Self = Self(1247);
    pub const USER_MAPPING: Self = Self(1418);
}

/// The address of a catalog row or of a column: `(classid, objid, objsubid)` of `pg_depend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The catalog.
    pub class: Class,
    /// The row.
    pub oid: u32,
    /// The column (`attnum`), 0 for the object itself.
    pub sub: i32,
}

impl Key {
    /// The address of a whole object.
    pub fn new(class: Class, oid: u32) -> Self {
        Self { class, oid, sub: 0 }
    }

    /// The address in three columns of a row: catalog, OID, `attnum`.
    pub fn read(
        row: &Row<'_>,
        class: &'static str,
        oid: &'static str,
        sub: &'static str,
    ) -> Result<Self, RowError> {
        Ok(Self {
            class: Class(row.number(class)?),
            oid: row.number(oid)?,
            sub: row.number(sub)?,
        })
    }

    /// The address of a column.
    pub fn column(relation: u32, attnum: i32) -> Self {
        Self {
            class: Class::CLASS,
            oid: relation,
            sub: attnum,
        }
    }
}
