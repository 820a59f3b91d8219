//! What a kind of catalog object has to say about itself, and the table of all kinds.
//!
//! Everything the program knows of a kind is in its one `impl Kind`; the rest of the program works on
//! [`Tag`] and [`Body`], which the list in `catalog/mod.rs` generates. No I/O here.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::{Class, Key};
use super::demand::Demand;
use super::id::{Family, Id, Style};
use super::names::Names;
use super::roles::RoleNames;
use super::row::{Row, RowError};
use super::step::{Loss, Step};
use super::{Catalog, Strength};

/// A query for all objects of a kind, whatever their scope.
///
/// Reserved result columns, read by the engine for every kind: `owner` (role OID) and `acl`
/// (`aclitem[]` as text, NULL when default).
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The first server version (as in `server_version_num`, 0 for all) that it is for; the newest one
    /// not above the server's wins.
    pub since: u32,
    /// One SELECT, without parameters, with `search_path` = `pg_catalog`; [`OIDS`] in it stands for a batch of objects.
    pub sql: &'static str,
}

/// Stands for the first and the last OID of a batch, as in `oid BETWEEN {oids}`: the server keeps locks on what a whole query
/// names, so what holds one is not asked for all at once.
pub const OIDS: &str = "{oids}";

/// What a database has to have so that there can be an object of a kind in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A row of this catalog that is not of `initdb`, as far as the list of all objects has it (`introspect::unmodeled`).
    Catalog(Class),
    /// A relation with this `pg_class.relkind`.
    Relation(char),
    /// A type with this `pg_type.typtype`.
    Type(char),
}

/// An object as a kind read it from a row.
#[derive(Clone, Debug)]
pub struct Found<K> {
    /// Its identity.
    pub id: Id,
    /// Its address in `pg_depend` and `pg_description`.
    pub key: Key,
    /// The addresses of what it consists of besides (the index of a constraint).
    pub parts: Vec<Key>,
    /// Where it stands among its siblings when that is layout and not schema (a column's `attnum`).
    pub position: Option<i32>,
    /// The columns, or the relation, that it belongs to, where its row says that and `pg_depend` is not asked (`depend.rs`): it is
    /// dropped along with any of them.
    pub part_of: Vec<Key>,
    /// Its properties.
    pub body: K,
}

impl<K> Found<K> {
    /// An object of which there is no more to say.
    pub fn new(id: Id, key: Key, body: K) -> Self {
        Self {
            id,
            key,
            parts: Vec::new(),
            position: None,
            part_of: Vec::new(),
            body,
        }
    }
}

/// How to get from one body to another.
#[derive(Clone, Debug)]
pub enum Change {
    /// By these steps.
    InPlace(Vec<Step>),
    /// Only by dropping it and making it again.
    Replace,
    /// By what is done to another object, which the server carries over to this one (a column that a
    /// partition has from its parent).
    Carried,
    /// By nothing that the server has; why, as a sentence without its subject.
    Impossible(&'static str),
}

/// A kind of catalog object. Pure: no I/O, no clock, no global state.
pub trait Kind: Sized + Clone + Debug + PartialEq + Serialize + DeserializeOwned + 'static {
    /// The object type as `pg_identify_object()` prints it: used in ids.
    const NAME: &'static str;
    /// What one object of this kind is called in counts, paths and docs/COVERAGE.md (`enum`): unique.
    const LABEL: &'static str;
    /// How `COMMENT ON` and `ALTER` call it.
    const KEYWORD: &'static str;
    /// How its id is written.
    const STYLE: Style;
    /// Where its root's name lives.
    const FAMILY: Family;
    /// The letter of `acldefault()` and the keyword of `GRANT .. ON`; `None` when it has no ACL.
    const ACL: Option<(char, &'static str)> = None;
    /// How it is read.
    const QUERIES: &'static [Query];
    /// A database that has none of these is not asked for objects of this kind; empty when every one is.
    const SOURCES: &'static [Source] = &[];
    /// Dropping it loses rows: a plan never replaces it.
    const HOLDS_DATA: bool = false;
    /// Dropping it takes its parts along.
    const DROPS_PARTS: bool = false;
    /// Dropping it takes along what it is made of and that uses it in turn (a type and its input function).
    const DROPS_MAKERS: bool = false;
    /// It is nothing but privileges on something.
    const IS_PRIVILEGES: bool = false;
    /// It may be dropped and made again when something that it uses is replaced or displaces it.
    const REBUILDABLE: bool = false;
    /// What alters it in place never makes it let go of something (a foreign key of the partitions that it refers to).
    const HOLDS_ON: bool = false;
    /// Its rows say how to name what others refer to ([`Kind::note`]): they are read before those of others.
    const NAMES_OTHERS: bool = false;

    /// Takes from a row what other kinds need to know, also of what is out of scope.
    fn note(row: &Row<'_>, names: &mut Names) -> Result<(), RowError> {
        let _ = (row, names);
        Ok(())
    }

    /// Reads one row; `None` when the object is out of scope.
    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError>;

    /// The steps that make it. May make parts along with it, and then claims them in `Step::makes`.
    /// Owner, ACL and comment are `meta`'s. `scene` is the catalog that is being made.
    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step>;

    /// The steps that make it in a table that does not have the parent yet that it comes from, and is to get it: a
    /// table needs everything of a parent before it gets that. Else why it cannot be, as in [`Change::Impossible`].
    fn create_before_parent(&self, id: &Id, scene: &Catalog) -> Result<Vec<Step>, &'static str> {
        Ok(self.create(id, scene))
    }

    /// The step that removes it.
    fn drop(&self, id: &Id) -> Step;

    /// The step after which it uses nothing any more, when there is one: for what is dropped in a circle.
    fn let_go(&self, id: &Id) -> Option<Step> {
        let _ = id;
        None
    }

    /// The steps without which it cannot be removed.
    fn before_drop(&self, id: &Id) -> Vec<Step> {
        let _ = id;
        Vec::new()
    }

    /// How it becomes `new`; called only when the canonical bytes differ. `scene` is the catalog that is
    /// being made.
    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change;

    /// What must happen so that it stops and starts again using `replaced`, which is being replaced and on
    /// which it depends, when it holds data and so cannot be rebuilt: the steps that move it to the
    /// object under its new form; none when the server takes it along with another one. `None` when it cannot (the
    /// plan is then refused). The catalogs are the old and the new one.
    fn follow(&self, id: &Id, replaced: &Id, from: &Catalog, to: &Catalog) -> Option<Vec<Step>> {
        let _ = (id, replaced, from, to);
        None
    }

    /// Whether it must be dropped before, and made again after, a step that alters something on which it
    /// depends with this strength. By default the server takes along what depends automatically; what is
    /// itself `to_change` then had better not be there, since its old form may not fit.
    fn in_the_way(&self, step: &Step, strength: Strength, to_change: bool) -> bool {
        !self.goes_along(step) && (strength == Strength::Normal || to_change)
    }

    /// Whether such a step is nothing to it, however it depends: under what holds values of a type, and types that contain
    /// it, the server takes attributes away.
    fn goes_along(&self, step: &Step) -> bool {
        let contains = Self::HOLDS_DATA || Self::FAMILY == Family::Type;
        contains && step.loss == Loss::Attributes
    }

    /// Whether the server gives it the owner of another object (a sequence owned by a column), so that it
    /// can have no other.
    fn owner_follows(&self) -> bool {
        false
    }

    /// Whether it is attached to the same part of a parent, and goes only with that (the index of a partition).
    fn is_attached(&self) -> bool {
        false
    }

    /// Whether its values are computed from others, so that it may be dropped and made again though its kind holds rows.
    fn is_derived(&self) -> bool {
        false
    }

    /// What may be made only when it has joined its parents: what would bring it something that it does not have (an index),
    /// or brings it something only then (a CHECK that is NOT VALID).
    fn joins_before(&self, id: &Id, scene: &Catalog) -> Vec<Id> {
        let _ = (id, scene);
        Vec::new()
    }

    /// The step that gives it another name with all else equal, when there is one.
    fn rename(from: &Id, to: &Id) -> Option<Step> {
        let _ = (from, to);
        None
    }

    /// The canonical fields, at any depth, that hold the server's own words for something that it parsed: another
    /// version may print the same differently.
    const TEXTS: &'static [&'static str] = &[];

    /// How many relations (`pg_class`) the server keeps for it at most: a table, its TOAST table and the index of that;
    /// the index of a constraint. Each takes a slot of the server's lock table when it is made or removed.
    fn relations(&self, id: &Id, scene: &Catalog) -> usize {
        let _ = (id, scene);
        usize::from(Self::FAMILY == Family::Relation && Self::STYLE == Style::Qualified)
    }

    /// How many rows of it others that are made along depend on (`pg_depend.refobjid`), besides those of `pg_class`: the
    /// row type of a relation, for that of arrays of it; a constraint, for its index or its triggers.
    fn supports(&self) -> usize {
        usize::from(Self::FAMILY == Family::Type)
    }

    /// What of it the oldest servers do not have: the first version that does (as in `server_version_num`), and what.
    fn newer(&self, id: &Id, scene: &Catalog) -> Vec<(u32, &'static str)> {
        let _ = (id, scene);
        Vec::new()
    }

    /// Gives it the form that a server of this version has it in, when `from` was read from another: what is a
    /// matter of the server and not of the schema.
    fn move_to(&mut self, id: &Id, from: &Catalog, version: u32) {
        let _ = (id, from, version);
    }

    /// Roles that its properties name (those of a policy); owner and ACL are `meta`'s.
    fn roles(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Gives those roles other names, in its id too. False when it says no more by then than is so without it.
    fn rename_roles(&mut self, id: &mut Id, names: &RoleNames, version: u32) -> bool {
        let _ = (id, names, version);
        true
    }

    /// Whether it has a secret that is left out of its properties (`secret`).
    fn keeps_secret(&self) -> bool {
        false
    }

    /// The tablespace that it is in, if it can be in one; empty for the database's own.
    fn tablespace(&self) -> Option<&str> {
        None
    }

    /// Whether only a superuser can make, alter or remove it.
    fn needs_superuser(&self) -> bool {
        false
    }

    /// What else the server asks of who makes, alters or removes it, and does not own it.
    fn demands(&self, _id: &Id, _version: u32) -> Vec<Demand> {
        Vec::new()
    }
}

/// Generates [`Tag`] (which kind) and [`Body`] (an object of some kind) from the one list of kinds.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($path:ty),)*) => {
        /// Which kind an object is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tag { $($(#[$doc])* $variant,)* }

        /// The properties of an object of some kind. Kinds differ much in size, and objects are moved and sorted.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body { $($(#[$doc])* $variant(Box<$path>),)* }

        $(impl From<$path> for Body {
            fn from(body: $path) -> Self { Self::$variant(Box::new(body)) }
        })*

        impl Tag {
            /// All kinds, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The object type as `pg_identify_object()` prints it.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => <$path as Kind>::NAME,)* } }
            /// What one object of this kind is called in counts.
            pub fn label(self) -> &'static str { match self { $(Self::$variant => <$path as Kind>::LABEL,)* } }
            /// How DDL calls it.
            pub fn keyword(self) -> &'static str { match self { $(Self::$variant => <$path as Kind>::KEYWORD,)* } }
            /// How its id is written.
            pub fn style(self) -> Style { match self { $(Self::$variant => <$path as Kind>::STYLE,)* } }
            /// Where its root's name lives.
            pub fn family(self) -> Family { match self { $(Self::$variant => <$path as Kind>::FAMILY,)* } }
            /// The letter of `acldefault()` and the keyword of `GRANT`.
            pub fn acl(self) -> Option<(char, &'static str)> { match self { $(Self::$variant => <$path as Kind>::ACL,)* } }
            /// Whether dropping it loses rows.
            pub fn holds_data(self) -> bool { match self { $(Self::$variant => <$path as Kind>::HOLDS_DATA,)* } }
            /// Whether dropping it takes its parts along.
            pub fn drops_parts(self) -> bool { match self { $(Self::$variant => <$path as Kind>::DROPS_PARTS,)* } }
            /// Whether dropping it takes along what it is made of and that uses it in turn.
            pub fn drops_makers(self) -> bool { match self { $(Self::$variant => <$path as Kind>::DROPS_MAKERS,)* } }
            /// Whether it is nothing but privileges on something.
            pub fn is_privileges(self) -> bool { match self { $(Self::$variant => <$path as Kind>::IS_PRIVILEGES,)* } }
            /// Whether altering it never makes it let go of something.
            pub fn holds_on(self) -> bool { match self { $(Self::$variant => <$path as Kind>::HOLDS_ON,)* } }
            /// Whether it may be dropped and made again for the sake of something it uses.
            pub fn rebuildable(self) -> bool { match self { $(Self::$variant => <$path as Kind>::REBUILDABLE,)* } }
            /// Whether its rows are read before those of others.
            pub fn names_others(self) -> bool { match self { $(Self::$variant => <$path as Kind>::NAMES_OTHERS,)* } }
            /// Takes from a row of [`Tag::query`] what other kinds need to know.
            pub fn note(self, row: &Row<'_>, names: &mut Names) -> Result<(), RowError> {
                match self { $(Self::$variant => <$path as Kind>::note(row, names),)* }
            }
            /// The canonical fields that hold the server's own words.
            pub fn texts(self) -> &'static [&'static str] { match self { $(Self::$variant => <$path as Kind>::TEXTS,)* } }
            /// The kind of this label.
            pub fn from_label(label: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|tag| tag.label() == label)
            }

            /// What a database has one of that has an object of this kind; empty when that cannot be told.
            pub fn sources(self) -> &'static [Source] { match self { $(Self::$variant => <$path as Kind>::SOURCES,)* } }
            /// The query for all objects of this kind on a server of this version.
            pub fn query(self, version: u32) -> Option<&'static str> {
                let queries = match self { $(Self::$variant => <$path as Kind>::QUERIES,)* };
                queries.iter().filter(|query| query.since <= version).max_by_key(|query| query.since).map(|query| query.sql)
            }

            /// Reads one row of [`Tag::query`].
            pub fn read(self, row: &Row<'_>, names: &Names) -> Result<Option<Found<Body>>, RowError> {
                match self {
                    $(Self::$variant => Ok(<$path as Kind>::read(row, names)?.map(|found| Found {
                        id: found.id, key: found.key, parts: found.parts, position: found.position,
                        part_of: found.part_of, body: found.body.into(),
                    })),)*
                }
            }

            /// Reads a body back from its canonical JSON.
            pub fn decode(self, json: &str) -> Result<Body, serde_json::Error> {
                match self { $(Self::$variant => serde_json::from_str::<$path>(json).map(Body::from),)* }
            }

            /// The step that renames an object, when its kind has one.
            pub fn rename(self, from: &Id, to: &Id) -> Option<Step> {
                match self { $(Self::$variant => <$path as Kind>::rename(from, to),)* }
            }
        }

        impl Body {
            /// Its kind.
            pub fn tag(&self) -> Tag { match self { $(Self::$variant(_) => Tag::$variant,)* } }
            /// The steps that make it.
            pub fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
                match self { $(Self::$variant(body) => body.create(id, scene),)* }
            }
            /// The steps that make it in a table that does not have the parent yet that it comes from.
            pub fn create_before_parent(&self, id: &Id, scene: &Catalog) -> Result<Vec<Step>, &'static str> {
                match self { $(Self::$variant(body) => body.create_before_parent(id, scene),)* }
            }
            /// The step that removes it.
            pub fn drop(&self, id: &Id) -> Step { match self { $(Self::$variant(body) => Kind::drop(&**body, id),)* } }
            /// The step after which it uses nothing any more.
            pub fn let_go(&self, id: &Id) -> Option<Step> {
                match self { $(Self::$variant(body) => body.let_go(id),)* }
            }
            /// The steps without which it cannot be removed.
            pub fn before_drop(&self, id: &Id) -> Vec<Step> {
                match self { $(Self::$variant(body) => body.before_drop(id),)* }
            }
            /// Whether it has a secret that is left out of its properties.
            pub fn keeps_secret(&self) -> bool { match self { $(Self::$variant(body) => body.keeps_secret(),)* } }
            /// The tablespace that it is in, if it can be in one; empty for the database's own.
            pub fn tablespace(&self) -> Option<&str> { match self { $(Self::$variant(body) => body.tablespace(),)* } }
            /// Whether only a superuser can make, alter or remove it.
            pub fn needs_superuser(&self) -> bool { match self { $(Self::$variant(body) => body.needs_superuser(),)* } }
            /// What else the server asks of who makes, alters or removes it.
            pub fn demands(&self, id: &Id, version: u32) -> Vec<Demand> {
                match self { $(Self::$variant(body) => body.demands(id, version),)* }
            }
            /// How it becomes `new`. Bodies of different kinds have different ids and never meet here;
            /// should they, the one is replaced by the other.
            pub fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
                match (self, new) {
                    $((Self::$variant(old), Self::$variant(new)) => old.change(new, id, scene),)*
                    #[allow(unreachable_patterns)]
                    _ => Change::Replace,
                }
            }
            /// Roles that its properties name.
            pub fn roles(&self) -> Vec<&str> { match self { $(Self::$variant(body) => body.roles(),)* } }
            /// Gives the roles that its properties and its id name other names; whether it still says something.
            pub fn rename_roles(&mut self, id: &mut Id, names: &RoleNames, version: u32) -> bool {
                match self { $(Self::$variant(body) => body.rename_roles(id, names, version),)* }
            }
            /// How many relations the server keeps for it at most.
            pub fn relations(&self, id: &Id, scene: &Catalog) -> usize {
                match self { $(Self::$variant(body) => body.relations(id, scene),)* }
            }
            /// How many rows of it others that are made along depend on, besides those of `pg_class`.
            pub fn supports(&self) -> usize { match self { $(Self::$variant(body) => body.supports(),)* } }
            /// What of it the oldest servers do not have, and since when.
            pub fn newer(&self, id: &Id, scene: &Catalog) -> Vec<(u32, &'static str)> {
                match self { $(Self::$variant(body) => body.newer(id, scene),)* }
            }
            /// Gives it the form that a server of this version has it in.
            pub fn move_to(&mut self, id: &Id, from: &Catalog, version: u32) {
                match self { $(Self::$variant(body) => body.move_to(id, from, version),)* }
            }
            /// Whether it must be dropped before a step that alters something it depends on.
            pub fn in_the_way(&self, step: &Step, strength: Strength, to_change: bool) -> bool {
                match self { $(Self::$variant(body) => body.in_the_way(step, strength, to_change),)* }
            }
            /// Whether the server gives it the owner of another object.
            pub fn owner_follows(&self) -> bool {
                match self { $(Self::$variant(body) => body.owner_follows(),)* }
            }
            /// Whether it is attached to the same part of a parent.
            pub fn is_attached(&self) -> bool { match self { $(Self::$variant(body) => body.is_attached(),)* } }
            /// Whether its values are computed from others.
            pub fn is_derived(&self) -> bool { match self { $(Self::$variant(body) => body.is_derived(),)* } }
            /// What may be made only when it has joined its parents.
            pub fn joins_before(&self, id: &Id, scene: &Catalog) -> Vec<Id> {
                match self { $(Self::$variant(body) => body.joins_before(id, scene),)* }
            }
            /// The steps that move it to the new form of something it depends on.
            pub fn follow(&self, id: &Id, replaced: &Id, from: &Catalog, to: &Catalog) -> Option<Vec<Step>> {
                match self { $(Self::$variant(body) => body.follow(id, replaced, from, to),)* }
            }
        }

        impl Serialize for Body {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(body) => body.serialize(serializer),)* }
            }
        }
    };
}

kinds! {
    /// A schema (`pg_namespace`).
    Schema(super::schema::Schema),
    /// An extension (`pg_extension`).
    Extension(super::extension::Extension),
    /// A procedural language (`pg_language`).
    Language(super::language::Language),
    /// An access method (`pg_am`).
    AccessMethod(super::access_method::AccessMethod),
    /// A collation (`pg_collation`).
    Collation(super::collation::Collation),
    /// A conversion (`pg_conversion`).
    Conversion(super::conversion::Conversion),
    /// A type of which only the name is known (`pg_type`).
    Shell(super::type_::shell::Shell),
    /// A base type (`pg_type`).
    Base(super::type_::base::Base),
    /// An enum type (`pg_enum`).
    Enum(super::type_::enum_::Enum),
    /// A domain (`pg_type`).
    Domain(super::type_::domain::Domain),
    /// A CHECK constraint of a domain (`pg_constraint`).
    DomainConstraint(super::type_::domain_constraint::DomainConstraint),
    /// A composite type (`pg_type`).
    Composite(super::type_::composite::Composite),
    /// A range type (`pg_range`).
    Range(super::type_::range::Range),
    /// A cast (`pg_cast`).
    Cast(super::cast::Cast),
    /// A transform (`pg_transform`).
    Transform(super::transform::Transform),
    /// An operator (`pg_operator`).
    Operator(super::operator::Operator),
    /// An operator family (`pg_opfamily`).
    OperatorFamily(super::operator::family::OperatorFamily),
    /// An operator in a family but in no class of it (`pg_amop`).
    FamilyOperator(super::operator::member::FamilyOperator),
    /// A function in a family but in no class of it (`pg_amproc`).
    FamilyFunction(super::operator::member::FamilyFunction),
    /// An operator class (`pg_opclass`).
    OperatorClass(super::operator::class::OperatorClass),
    /// A text search parser (`pg_ts_parser`).
    TextSearchParser(super::text_search::parser::Parser),
    /// A text search template (`pg_ts_template`).
    TextSearchTemplate(super::text_search::template::Template),
    /// A text search dictionary (`pg_ts_dict`).
    TextSearchDictionary(super::text_search::dictionary::Dictionary),
    /// A text search configuration (`pg_ts_config`).
    TextSearchConfiguration(super::text_search::configuration::Configuration),
    /// A sequence (`pg_sequence`).
    Sequence(super::sequence::Sequence),
    /// A table (`pg_class`).
    Table(super::table::Table),
    /// A column of a table (`pg_attribute`).
    Column(super::table::column::Column),
    /// The default value of a column (`pg_attrdef`).
    Default(super::table::default::DefaultValue),
    /// A constraint of a table (`pg_constraint`).
    Constraint(super::table::constraint::Constraint),
    /// An index (`pg_index`).
    Index(super::table::index::Index),
    /// A trigger (`pg_trigger`).
    Trigger(super::table::trigger::Trigger),
    /// A row-level security policy (`pg_policy`).
    Policy(super::table::policy::Policy),
    /// A function (`pg_proc`).
    Function(super::routine::function::Function),
    /// A procedure (`pg_proc`).
    Procedure(super::routine::procedure::Procedure),
    /// An aggregate (`pg_aggregate`).
    Aggregate(super::routine::aggregate::Aggregate),
    /// A rule (`pg_rewrite`).
    Rule(super::table::rule::Rule),
    /// A statistics object (`pg_statistic_ext`).
    Statistics(super::statistics::Statistics),
    /// A view (`pg_class`).
    View(super::view::view::View),
    /// A materialized view (`pg_class`).
    MaterializedView(super::view::materialized::MaterializedView),
    /// A foreign-data wrapper (`pg_foreign_data_wrapper`).
    ForeignDataWrapper(super::foreign::wrapper::Wrapper),
    /// A foreign server (`pg_foreign_server`).
    Server(super::foreign::server::Server),
    /// A user mapping (`pg_user_mapping`).
    UserMapping(super::foreign::mapping::Mapping),
    /// A foreign table (`pg_foreign_table`).
    ForeignTable(super::table::foreign::ForeignTable),
    /// A publication (`pg_publication`).
    Publication(super::publication::Publication),
    /// A table in a publication (`pg_publication_rel`).
    PublishedTable(super::publication::table::PublishedTable),
    /// A schema in a publication (`pg_publication_namespace`).
    PublishedSchema(super::publication::schema::PublishedSchema),
    /// A subscription (`pg_subscription`).
    Subscription(super::subscription::Subscription),
    /// Privileges on a member of an extension or an object of the server (`pg_init_privs`).
    Privileges(super::privileges::Privileges),
    /// Default privileges (`pg_default_acl`).
    DefaultAcl(super::default_acl::DefaultAcl),
    /// An event trigger (`pg_event_trigger`).
    EventTrigger(super::event_trigger::EventTrigger),
}
