//! Identity of an object: what `pg_identify_object()` prints, taken apart.
//!
//! The text form is the contract of `product.md` (`table column public.users.email`); the parts are what
//! kinds build SQL from. Ids order so that a root object is followed by its parts.

use std::cmp::Ordering;
use std::fmt;

use super::Str;
use super::kind::Tag;
use super::quote::{ident, qualified};

/// Which namespace of the server a root object lives in; parts live in that of their root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `pg_namespace` itself.
    Schema,
    /// Extensions and other things that belong to the database as a whole.
    Database,
    /// `pg_type`, but for the row types of relations.
    Type,
    /// `pg_proc`.
    Routine,
    /// `pg_class`.
    Relation,
    /// `pg_statistic_ext`.
    Statistics,
    /// A namespace that the kind shares with no other.
    Own(Tag),
}

/// How an id is written, in `pg_identify_object()` and in DDL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `schema app` - no schema before the name.
    Global,
    /// `table app.users`.
    Qualified,
    /// `function app.f(integer,text)`.
    Routine,
    /// `table column app.users.email`.
    Column,
    /// `trigger touch on app.users`.
    On,
    /// `operator app.=(integer,NONE)`: the name is no identifier.
    Operator,
    /// `operator class app.words USING btree`.
    Using,
    /// `operator of access method operator 1 (integer, integer) of app.numbers USING btree`.
    Member,
    /// `cast (integer AS app.word)`.
    Cast,
    /// `transform for app.word on language plperl`.
    Transform,
    /// `user mapping alice on server films`: the name is all that the server prints, quoted where it must be.
    Verbatim,
}

/// What tells a root object from others; its order is that of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root<'a> {
    schema: &'a str,
    family: Family,
    name: &'a str,
    args: &'a str,
}

/// Where in memory the texts of a [`Root`] are: the same place is the same root, another place may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RootPlace {
    schema: usize,
    family: Family,
    name: usize,
    args: usize,
}

/// The identity of one object.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Id {
    /// Its kind.
    pub kind: Tag,
    /// Its schema; empty for what has none.
    pub schema: Str,
    /// The relation or domain that it is a part of; empty for a root object.
    pub on: Str,
    /// Its own name.
    pub name: Str,
    /// What tells it apart from others of the name: the types of a routine's or operator's input arguments as
    /// `pg_identify_object()` prints them (`integer,text`), the access method of an operator class or family, the
    /// target of a cast, the language of a transform.
    pub args: Str,
}

impl Id {
    /// An object outside any schema.
    pub fn global(kind: Tag, name: impl Into<Str>) -> Self {
        Self {
            kind,
            schema: Str::default(),
            on: Str::default(),
            name: name.into(),
            args: Str::default(),
        }
    }

    /// A root object in a schema.
    pub fn in_schema(kind: Tag, schema: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self {
            kind,
            schema: schema.into(),
            on: Str::default(),
            name: name.into(),
            args: Str::default(),
        }
    }

    /// A part of a relation or domain.
    pub fn part(
        kind: Tag,
        schema: impl Into<Str>,
        on: impl Into<Str>,
        name: impl Into<Str>,
    ) -> Self {
        Self {
            kind,
            schema: schema.into(),
            on: on.into(),
            name: name.into(),
            args: Str::default(),
        }
    }

    /// A routine, or another object that a name alone does not tell apart.
    pub fn routine(
        kind: Tag,
        schema: impl Into<Str>,
        name: impl Into<Str>,
        args: impl Into<Str>,
    ) -> Self {
        Self {
            kind,
            schema: schema.into(),
            on: Str::default(),
            name: name.into(),
            args: args.into(),
        }
    }

    /// Whether it is part of another object.
    pub fn is_part(&self) -> bool {
        !self.on.is_empty()
    }

    /// The name of its root object: its own, or that of the relation or domain it is a part of.
    pub fn root_name(&self) -> &Str {
        if self.is_part() { &self.on } else { &self.name }
    }

    /// Where the texts of its root are.
    pub(super) fn root_place(&self) -> RootPlace {
        let name = if self.is_part() { &self.on } else { &self.name };
        let place = |text: &Str| text.as_ptr().addr();
        RootPlace {
            schema: place(&self.schema),
            family: self.kind.family(),
            name: place(name),
            args: place(&self.args),
        }
    }

    /// What tells its root object from others.
    pub fn root(&self) -> Root<'_> {
        Root {
            schema: &self.schema,
            family: self.kind.family(),
            name: self.root_name(),
            args: &self.args,
        }
    }

    /// Whether `other` belongs to the same root object.
    pub fn same_root(&self, other: &Self) -> bool {
        self.cmp_root(other).is_eq()
    }

    /// The order of the parts of one root object.
    pub(super) fn cmp_in_tree(&self, other: &Self) -> Ordering {
        let kinds = self.kind.cmp(&other.kind);
        kinds.then_with(|| compare(&self.name, &other.name))
    }

    fn cmp_root(&self, other: &Self) -> Ordering {
        compare(&self.schema, &other.schema)
            .then_with(|| self.kind.family().cmp(&other.kind.family()))
            .then_with(|| compare(self.root_name(), other.root_name()))
            .then_with(|| compare(&self.args, &other.args))
    }

    /// The name as SQL writes it: qualified, with argument types for a routine; of a part, the bare name.
    pub fn sql(&self) -> String {
        match self.kind.style() {
            Style::Global | Style::On => ident(&self.name).into_owned(),
            Style::Qualified => qualified(&self.schema, &self.name),
            Style::Routine => format!("{}({})", qualified(&self.schema, &self.name), self.args),
            Style::Operator => format!("{}.{}({})", ident(&self.schema), self.name, self.args),
            Style::Using => format!(
                "{} USING {}",
                qualified(&self.schema, &self.name),
                ident(&self.args)
            ),
            Style::Member | Style::Verbatim => self.name.to_string(),
            Style::Cast => format!("({} AS {})", self.name, self.args),
            Style::Transform => format!("FOR {} LANGUAGE {}", self.name, ident(&self.args)),
            Style::Column => format!("{}.{}", self.on_sql(), ident(&self.name)),
        }
    }

    /// The qualified name of the relation or domain that it is a part of.
    pub fn on_sql(&self) -> String {
        qualified(&self.schema, &self.on)
    }

    /// How `COMMENT ON` and `ALTER .. OWNER` name it: `TABLE app.users`, `TRIGGER touch ON app.users`.
    pub fn address(&self) -> String {
        let keyword = self.kind.keyword();
        match self.kind.style() {
            Style::On if self.kind.family() == Family::Type => {
                format!("{keyword} {} ON DOMAIN {}", self.sql(), self.on_sql())
            }
            Style::On => format!("{keyword} {} ON {}", self.sql(), self.on_sql()),
            Style::Global
            | Style::Qualified
            | Style::Routine
            | Style::Column
            | Style::Operator
            | Style::Using
            | Style::Member
            | Style::Cast
            | Style::Transform
            | Style::Verbatim => format!("{keyword} {}", self.sql()),
        }
    }
}

/// Ids are serialized in their text form, where they are for others to read.
pub fn as_text<S: serde::Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Written piece by piece: a snapshot of a large schema has hundreds of thousands.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qualified = |f: &mut fmt::Formatter<'_>, name: &str| {
            if !self.schema.is_empty() {
                f.write_str(&ident(&self.schema))?;
                f.write_str(".")?;
            }
            f.write_str(&ident(name))
        };
        f.write_str(self.kind.name())?;
        f.write_str(" ")?;
        match self.kind.style() {
            Style::Qualified => qualified(f, &self.name),
            Style::Column => {
                qualified(f, &self.on)?;
                f.write_str(".")?;
                f.write_str(&ident(&self.name))
            }
            Style::On => {
                f.write_str(&ident(&self.name))?;
                f.write_str(" on ")?;
                qualified(f, &self.on)
            }
            Style::Member => {
                let method = ident(&self.args);
                write!(f, "{} of {} USING {method}", self.name, self.on_sql())
            }
            Style::Transform => {
                let language = ident(&self.args);
                write!(f, "for {} on language {language}", self.name)
            }
            Style::Global
            | Style::Routine
            | Style::Operator
            | Style::Using
            | Style::Cast
            | Style::Verbatim => f.write_str(&self.sql()),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_root(other)
            .then_with(|| self.is_part().cmp(&other.is_part()))
            .then_with(|| self.cmp_in_tree(other))
    }
}

/// Names are mostly shared, and then need no look at their bytes.
fn compare(a: &Str, b: &Str) -> Ordering {
    if Str::ptr_eq(a, b) {
        return Ordering::Equal;
    }
    a.cmp(b)
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
