//! A step: one piece of SQL with what it makes, removes, needs and costs.
//!
//! Kinds emit steps; `plan` orders them by these fields and derives hazards from them. A step knows
//! nothing of the plan that it will be part of.

use super::id::{Family, Id};

/// Table-level lock modes, weakest first (manual, 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Lock {
    /// Takes no table lock worth naming.
    #[default]
    None,
    /// ACCESS SHARE: blocked by DROP and most ALTERs only.
    AccessShare,
    /// SHARE UPDATE EXCLUSIVE: rows can be read and written.
    ShareUpdateExclusive,
    /// SHARE: rows can be read, not written.
    Share,
    /// SHARE ROW EXCLUSIVE: rows can be read, not written.
    ShareRowExclusive,
    /// ACCESS EXCLUSIVE: nothing else can touch the table.
    AccessExclusive,
}

impl Lock {
    /// What is locked to change or drop an object that is a relation or a part of one.
    pub fn of_relation(id: &Id) -> Self {
        match id.kind.family() {
            Family::Relation => Self::AccessExclusive,
            Family::Schema
            | Family::Database
            | Family::Type
            | Family::Routine
            | Family::Statistics
            | Family::Own(_) => Self::None,
        }
    }

    /// The manual's name of the mode.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AccessShare => "ACCESS SHARE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// What a step works on below its relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reach {
    /// Nothing.
    #[default]
    Alone,
    /// Its partitions, where it is a partitioned table.
    Partitions,
    /// All that inherits from it.
    Descendants,
}

/// Where a step may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tx {
    /// In the one transaction.
    #[default]
    Inside,
    /// Outside any transaction.
    Outside,
}

/// What rows a step destroys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Loss {
    /// None.
    #[default]
    None,
    /// All rows of the table that is its subject.
    Table,
    /// All values of the column that is its subject.
    Column,
    /// Attributes that a type does not have any more, in all values of the column that is its subject, or of all
    /// columns that have the type when that is its subject.
    Attributes,
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The object that the step is about: its edges order the step, its name stands in reports.
    pub subject: Id,
    /// One SQL statement, without the semicolon.
    pub sql: String,
    /// The role to run it as (`SET LOCAL ROLE`), when it must not be the one that runs the plan.
    pub role: Option<String>,
    /// The strongest lock that it takes on the relation it works on.
    pub lock: Lock,
    /// What it works on below that relation.
    pub reach: Reach,
    /// Other relations that it locks, and how.
    pub locks: Vec<(Id, Lock)>,
    /// Where it may run.
    pub tx: Tx,
    /// The rows that it destroys.
    pub loss: Loss,
    /// Whether the server writes the table anew (time and space grow with its rows).
    pub rewrites: bool,
    /// Whether rows of the table get new values, also where the server need not write them.
    pub revalues: bool,
    /// Whether the server reads the whole table (validation of a constraint, an index build).
    pub scans: bool,
    /// Whether it fails unless somebody has given the rows of the table values in its subject, which it has none for
    /// (NOT NULL on a column that comes back).
    pub wants_values: bool,
    /// Whether it can let somebody see or do more than before (a policy or RLS switched off, a grant).
    pub widens: bool,
    /// A value that rows and expressions show in another way than before (a label of an enum type renamed): the
    /// constant as the server prints it, before and after.
    pub relabels: Option<(String, String)>,
    /// Whether dependents of the subject must be out of the way while it runs (a column type change
    /// under a view): the plan drops them before and makes them again after.
    pub displaces: bool,
    /// Whether the subject is dropped and made again by it (a generated column): the server takes nothing
    /// along, so all dependents must be out of the way.
    pub remakes: bool,
    /// Whether its subject has no parent any more after it: what came from there can be dropped only then.
    pub leaves: bool,
    /// Whether it takes its subject, a partition, from its parent: there is room for another one after it.
    pub detaches: bool,
    /// Whether it makes its subject a partition.
    pub attaches: bool,
    /// Whether its subject is there only as long as its table has the parent that it is from (what a partition has
    /// otherwise than its parent's trigger).
    pub with_parent: bool,
    /// Whether the server does it along with an equal step of what its subject comes from (a parent's column).
    pub carried: bool,
    /// Whether all else comes before it, since it changes what other statements do (an event trigger, default
    /// privileges).
    pub last: bool,
    /// Objects that exist after it and did not before.
    pub makes: Vec<Id>,
    /// Objects that exist before it and not after.
    pub frees: Vec<Id>,
    /// Objects, besides those its edges name, that must exist (in their new form) before it runs.
    pub needs: Vec<Id>,
    /// Objects that the subject's edges name but this step can do without, since a later step of the same
    /// subject adds them (a sequence and the column that owns it).
    pub defers: Vec<Id>,
}

impl Step {
    fn new(subject: &Id, sql: String) -> Self {
        Self {
            subject: subject.clone(),
            sql,
            role: None,
            lock: Lock::None,
            reach: Reach::Alone,
            locks: Vec::new(),
            tx: Tx::Inside,
            loss: Loss::None,
            rewrites: false,
            revalues: false,
            scans: false,
            wants_values: false,
            widens: false,
            relabels: None,
            displaces: false,
            remakes: false,
            leaves: false,
            detaches: false,
            attaches: false,
            with_parent: false,
            carried: false,
            last: false,
            makes: Vec::new(),
            frees: Vec::new(),
            needs: Vec::new(),
            defers: Vec::new(),
        }
    }

    /// A step that makes its subject.
    pub fn create(subject: &Id, sql: String) -> Self {
        Self {
            makes: vec![subject.clone()],
            ..Self::new(subject, sql)
        }
    }

    /// A step that removes its subject. Relations and their parts are locked for it; a schema, a type or a routine
    /// is no table that somebody could wait for.
    pub fn drop(subject: &Id, sql: String) -> Self {
        Self {
            frees: vec![subject.clone()],
            lock: Lock::of_relation(subject),
            ..Self::new(subject, sql)
        }
    }

    /// A step that changes its subject in place.
    pub fn alter(subject: &Id, sql: String) -> Self {
        Self::new(subject, sql)
    }

    /// Run as this role.
    #[must_use]
    pub fn as_role(mut self, role: &str) -> Self {
        self.role = Some(role.to_owned());
        self
    }

    /// With this lock.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }

    /// It works on these below its relation, too.
    #[must_use]
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// It also locks these.
    #[must_use]
    pub fn locking(mut self, relations: impl IntoIterator<Item = Id>, lock: Lock) -> Self {
        let relations = relations.into_iter();
        self.locks
            .extend(relations.map(|relation| (relation, lock)));
        self
    }

    /// With this loss.
    #[must_use]
    pub fn loses(mut self, loss: Loss) -> Self {
        self.loss = loss;
        self
    }

    /// It rewrites the table.
    #[must_use]
    pub fn rewriting(mut self) -> Self {
        self.rewrites = true;
        self
    }

    /// It gives rows of the table new values.
    #[must_use]
    pub fn revaluing(mut self) -> Self {
        self.revalues = true;
        self
    }

    /// It reads the whole table.
    #[must_use]
    pub fn scanning(mut self) -> Self {
        self.scans = true;
        self
    }

    /// It fails unless rows were given values.
    #[must_use]
    pub fn wanting_values(mut self) -> Self {
        self.wants_values = true;
        self
    }

    /// It widens authorization.
    #[must_use]
    pub fn widening(mut self) -> Self {
        self.widens = true;
        self
    }

    /// Rows and expressions that showed the constant `from` show `to`.
    #[must_use]
    pub fn relabeling(mut self, from: String, to: String) -> Self {
        self.relabels = Some((from, to));
        self
    }

    /// Dependents must be out of the way.
    #[must_use]
    pub fn displacing(mut self) -> Self {
        self.displaces = true;
        self
    }

    /// It drops its subject and makes it again.
    #[must_use]
    pub fn remaking(mut self) -> Self {
        self.displaces = true;
        self.remakes = true;
        self
    }

    /// Its subject has no parent any more.
    #[must_use]
    pub fn leaving(mut self) -> Self {
        self.leaves = true;
        self
    }

    /// All else comes before it.
    #[must_use]
    pub fn last(mut self) -> Self {
        self.last = true;
        self
    }

    /// It also makes these.
    #[must_use]
    pub fn making(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.makes.extend(ids);
        self
    }

    /// It also needs these.
    #[must_use]
    pub fn needing(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.needs.extend(ids);
        self
    }

    /// It can do without these.
    #[must_use]
    pub fn deferring(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.defers.extend(ids);
        self
    }
}
