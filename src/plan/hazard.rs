//! What a plan may cost, derived from the fields of its steps by one function: a closed list with stable
//! codes. Some of it happens only when the user allows it by code, `--allow CODE[:ID]`.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Serialize, Serializer};

use crate::catalog::id::{Family, as_text};
use crate::catalog::kind::{Body, Tag};
use crate::catalog::step::{Lock, Loss, Reach, Tx};
use crate::catalog::type_::composite::columns_with;
use crate::catalog::{Catalog, Id, Step};

/// What kind of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Rows or values are destroyed.
    DataLoss,
    /// Something cannot run inside the transaction.
    NonTransactional,
    /// Something cannot be compared with the target, so the result is not proven for it.
    Unproven,
    /// Somebody may see or do more than before.
    AuthorizationWidened,
    /// Rows have no value where they need one.
    Unfilled,
    /// Rows show another value for what they hold.
    Relabel,
    /// A table is written anew.
    Rewrite,
    /// A whole table is read.
    Scan,
    /// Others have to wait for a lock.
    Lock,
}

impl Code {
    /// All codes, worst first.
    pub const ALL: &'static [Self] = &[
        Self::DataLoss,
        Self::NonTransactional,
        Self::Unproven,
        Self::AuthorizationWidened,
        Self::Unfilled,
        Self::Relabel,
        Self::Rewrite,
        Self::Scan,
        Self::Lock,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataLoss => "data-loss",
            Self::NonTransactional => "non-transactional",
            Self::Unproven => "unproven",
            Self::AuthorizationWidened => "authorization-widened",
            Self::Unfilled => "unfilled",
            Self::Relabel => "relabel",
            Self::Rewrite => "rewrite",
            Self::Scan => "scan",
            Self::Lock => "lock",
        }
    }

    /// Whether nothing runs unless it is allowed; the others are said and no more.
    pub fn needs_allowing(self) -> bool {
        match self {
            Self::DataLoss | Self::NonTransactional | Self::Unproven => true,
            Self::AuthorizationWidened
            | Self::Unfilled
            | Self::Relabel
            | Self::Rewrite
            | Self::Scan
            | Self::Lock => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// What kind of cost.
    pub code: Code,
    /// The object that it is about.
    #[serde(serialize_with = "as_text")]
    pub id: Id,
    /// A sentence that says it.
    pub text: String,
}

impl Hazard {
    /// An object of which the result cannot be proven.
    pub fn unproven(id: &Id) -> Self {
        Self {
            code: Code::Unproven,
            id: id.clone(),
            text: format!(
                "{id} cannot be compared with the target's form: it is taken over unproven"
            ),
        }
    }
}

/// The hazards of these steps, worst first; `from` is the catalog that they start from. Locks, scans, rewrites and
/// grants of what the plan itself made cost nobody anything and are not among them.
pub fn derive(from: &Catalog, steps: &[Step]) -> Vec<Hazard> {
    let made = steps.iter().flat_map(|step| &step.makes);
    let mut costs = Costs {
        from,
        made_again: made.filter(|id| from.has(id)).collect(),
        hazards: Vec::new(),
        locks: BTreeMap::new(),
        other_sides: OnceCell::new(),
    };
    for step in steps {
        costs.add_values(step);
        costs.add_authorization(step);
        if let Some(root) = costs.root(step) {
            costs.add_work(step, root);
        }
        costs.add_locks(step);
    }
    costs.told()
}

/// What steps cost, while it is added up.
struct Costs<'a> {
    from: &'a Catalog,
    made_again: FxHashSet<&'a Id>,
    hazards: Vec<Hazard>,
    locks: BTreeMap<Id, Locked>,
    /// By tables and columns the tables at the other side of their foreign keys, when that is asked for.
    other_sides: OnceCell<FxHashMap<Id, Vec<OtherSide>>>,
}

impl<'a> Costs<'a> {
    /// What a step works on, where it was there before.
    fn root(&self, step: &Step) -> Option<&'a Id> {
        let id = &step.subject;
        // What is made is no part of the old side, and what it is made in may be. What was renamed is there by its old name.
        let root = self.from.root_of(id);
        let root = root.filter(|root| id.is_part() || root.id == *id);
        let named_before = || step.frees.iter().find_map(|old| self.from.root_of(old));
        Some(&root.or_else(named_before)?.id)
    }

    fn add(&mut self, code: Code, id: &Id, text: String) {
        let id = id.clone();
        self.hazards.push(Hazard { code, id, text });
    }

    /// What becomes of rows and values.
    fn add_values(&mut self, step: &Step) {
        let id = &step.subject;
        match step.loss {
            Loss::None => {}
            Loss::Table => self.add(
                Code::DataLoss,
                id,
                format!("all rows of {id} are destroyed"),
            ),
            Loss::Column => {
                self.add(
                    Code::DataLoss,
                    id,
                    format!("all values of {id} are destroyed"),
                );
            }
            Loss::Attributes => {
                let text = format!("values of {id} lose attributes ({})", step.sql);
                self.add(Code::DataLoss, id, text);
            }
        }
        if let Some((from, to)) = &step.relabels {
            let text = format!("{id}: what rows show as {from} they show as {to} from then on");
            self.add(Code::Relabel, id, text);
        }
        if step.tx == Tx::Outside {
            let text = format!(
                "a change of {id} cannot run inside the transaction: it cannot be rolled back"
            );
            self.add(Code::NonTransactional, id, text);
        }
    }

    /// The grants of what is made are what it had before, or there was nothing before.
    fn add_authorization(&mut self, step: &Step) {
        let id = &step.subject;
        let root = self.root(step);
        if step.widens && root.is_some_and(|root| !self.made_again.contains(root)) {
            let text = format!(
                "{id}: somebody may see or do more than before ({})",
                step.sql
            );
            self.add(Code::AuthorizationWidened, id, text);
        }
    }

    /// What the server does with the rows of what was there before.
    fn add_work(&mut self, step: &Step, root: &Id) {
        let id = &step.subject;
        if step.wants_values {
            let text = format!(
                "{id} is NOT NULL and has no default: rows of {root} can have only the values that the store holds"
            );
            self.add(Code::Unfilled, id, text);
        }
        if step.rewrites && root.kind != Tag::ForeignTable {
            let (those, are) = with_descendants(root, self.reaches_below(step, root), self.from);
            let text =
                format!("{those} {are} written anew, in time and space that grow with the rows");
            self.add(Code::Rewrite, id, text);
        }
        if !step.scans {
            return;
        }
        if root.kind.family() == Family::Relation {
            self.add_scan(root, id);
        } else {
            for table in tables_with(root, self.from) {
                self.add_scan(&table, id);
                self.lock(table, Lock::Share, false);
            }
        }
    }

    fn add_scan(&mut self, table: &Id, id: &Id) {
        let text = if table == id {
            format!("all rows of {table} are read")
        } else {
            format!("all rows of {table} are read for {id}")
        };
        self.add(Code::Scan, id, text);
    }

    /// Whom it makes wait.
    fn add_locks(&mut self, step: &Step) {
        if let Some(root) = self.root(step) {
            self.lock(root.clone(), step.lock, self.reaches_below(step, root));
        }
        for (relation, lock) in &step.locks {
            if !self.from.has(relation) {
                continue;
            }
            self.lock(relation.clone(), *lock, true);
            if step.attaches && *lock == Lock::AccessExclusive {
                self.add_scan(relation, &step.subject);
            }
        }
        self.add_other_sides(step);
        let left = step.detaches.then_some(&step.subject);
        // What is renamed is not dropped.
        let dropped = step.frees.iter().filter(|_| step.makes.is_empty());
        for id in dropped.chain(left) {
            let along = self.from.root_of(id).filter(|_| *id != step.subject);
            if let Some(along) = along {
                self.lock(along.id.clone(), Lock::of_relation(id), false);
            }
            for part in self.from.parts(id).map(|part| &part.id).chain([id]) {
                // Each partition of what a foreign key refers to has triggers for it.
                let below = part.kind == Tag::Constraint;
                for other in self.from.locked_with(part) {
                    self.lock(other, Lock::AccessExclusive, below);
                }
            }
        }
    }

    /// A partition that comes or goes gets triggers of its own, or loses them, for the foreign keys of its parent and for those that
    /// refer to that: on both sides.
    fn add_other_sides(&mut self, step: &Step) {
        let mut parents = Vec::new();
        if step.attaches {
            parents.extend(step.locks.iter().map(|(relation, _)| relation.clone()));
        }
        if step.detaches {
            parents.extend(self.from.locked_with(&step.subject));
        }
        // A foreign key is made again when the type of a column changes.
        if step.displaces && step.subject.kind == Tag::Column {
            for other in self.other_sides(&step.subject).to_vec() {
                self.lock(other.table, Lock::AccessExclusive, false);
            }
        }
        for parent in parents {
            for other in self.other_sides(&parent).to_vec() {
                // Before 15 a partition that goes leaves those that a partitioned table has for it.
                let leaves = step.detaches && self.from.version() < 150_000;
                if leaves && other.is_referenced && self.is_partitioned(&other.table) {
                    continue;
                }
                self.lock(other.table, Lock::ShareRowExclusive, other.is_referenced);
            }
        }
    }

    /// The tables at the other side of the foreign keys of a table, or of a column.
    fn other_sides(&self, id: &Id) -> &[OtherSide] {
        let sides = self.other_sides.get_or_init(|| {
            let mut sides: FxHashMap<Id, Vec<OtherSide>> = FxHashMap::default();
            let mut add = |of: Id, table: &Id, is_referenced| {
                let table = table.clone();
                let other = OtherSide {
                    table,
                    is_referenced,
                };
                sides.entry(of).or_default().push(other);
            };
            for (key, own, referenced) in self.from.foreign_keys() {
                let columns = self.from.edges(key).map(|edge| edge.to);
                for column in columns.filter(|id| id.kind == Tag::Column) {
                    let is_own = column.same_root(key);
                    add(
                        column.clone(),
                        if is_own { &referenced } else { &own },
                        is_own,
                    );
                }
                add(own.clone(), &referenced, true);
                add(referenced, &own, false);
            }
            sides
        });
        sides.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether it works on those that inherit from the table, too.
    fn reaches_below(&self, step: &Step, table: &Id) -> bool {
        match step.reach {
            Reach::Alone => false,
            Reach::Partitions => self.is_partitioned(table),
            Reach::Descendants => true,
        }
    }

    fn is_partitioned(&self, table: &Id) -> bool {
        match self.from.get(table).map(|object| &object.body) {
            Some(Body::Table(table)) => table.is_partitioned(),
            _ => false,
        }
    }

    fn lock(&mut self, relation: Id, lock: Lock, with_children: bool) {
        let locked = self.locks.entry(relation).or_default();
        locked.own = lock.max(locked.own);
        if with_children {
            locked.below = lock.max(locked.below);
        }
    }

    fn told(self) -> Vec<Hazard> {
        let mut hazards = self.hazards;
        for (root, locked) in self.locks {
            let below = locked.below == locked.own;
            let (those, are) = with_descendants(&root, below, self.from);
            hazards.extend(waiting(&root, &those, are, locked.own));
            let count = self.from.descendants(&root).len();
            if !below && count > 0 {
                let those = format!("what is below {root}");
                hazards.extend(waiting(&root, &those, "is", locked.below));
            }
        }
        hazards.sort_by(|a, b| (a.code, &a.id).cmp(&(b.code, &b.id)));
        hazards.dedup();
        hazards
    }
}

/// The tables that have columns of a type, which are read when it gets a constraint.
fn tables_with(id: &Id, from: &Catalog) -> BTreeSet<Id> {
    let columns = columns_with(id, from).into_iter();
    let tables = columns.filter_map(|column| from.root_of(column));
    tables.map(|table| table.id.clone()).collect()
}

/// A table at the other side of a foreign key.
#[derive(Clone)]
struct OtherSide {
    table: Id,
    is_referenced: bool,
}

/// The strongest lock on a table, and on those that inherit from it.
#[derive(Default)]
struct Locked {
    own: Lock,
    below: Lock,
}

fn waiting(root: &Id, those: &str, are: &str, lock: Lock) -> Option<Hazard> {
    let (name, waits) = (lock.name(), who_waits(lock)?);
    Some(Hazard {
        code: Code::Lock,
        id: root.clone(),
        text: format!("{those} {are} locked in {name} mode until COMMIT: {waits}"),
    })
}

/// A table, with those that inherit from it where that is asked for, and the verb.
fn with_descendants(table: &Id, asked: bool, from: &Catalog) -> (String, &'static str) {
    let below = asked.then(|| from.descendants(table).len());
    match below.unwrap_or_default() {
        0 => (table.to_string(), "is"),
        1 => (format!("{table} and the table below it"), "are"),
        count => (format!("{table} and the {count} tables below it"), "are"),
    }
}

fn who_waits(lock: Lock) -> Option<&'static str> {
    match lock {
        Lock::None | Lock::AccessShare | Lock::ShareUpdateExclusive => None,
        Lock::Share | Lock::ShareRowExclusive => Some("who writes to it waits"),
        Lock::AccessExclusive => Some("who reads or writes it waits"),
    }
}

/// What the user allowed: a code, for one object or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The code.
    pub code: Code,
    /// The text of the id of the only object that it is for.
    pub id: Option<String>,
}

impl Allow {
    /// Whether this hazard is allowed by it.
    pub fn covers(&self, hazard: &Hazard) -> bool {
        self.code == hazard.code
            && self
                .id
                .as_ref()
                .is_none_or(|id| *id == hazard.id.to_string())
    }
}

/// Not `CODE[:ID]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no hazard; the hazards are: {}", codes())]
pub struct UnknownHazard {
    given: String,
}

fn codes() -> String {
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    names.join(", ")
}

impl FromStr for Allow {
    type Err = UnknownHazard;

    fn from_str(text: &str) -> Result<Self, UnknownHazard> {
        let (code, id) = match text.split_once(':') {
            Some((code, id)) => (code, Some(id.trim().to_owned())),
            None => (text, None),
        };
        let code = Code::ALL
            .iter()
            .copied()
            .find(|known| known.name() == code.trim());
        code.map(|code| Self { code, id })
            .ok_or_else(|| UnknownHazard {
                given: text.to_owned(),
            })
    }
}

/// The hazards that need to be allowed and are not.
pub fn not_allowed<'a>(hazards: &'a [Hazard], allowed: &[Allow]) -> Vec<&'a Hazard> {
    hazards
        .iter()
        .filter(|hazard| hazard.code.needs_allowing())
        .filter(|hazard| !allowed.iter().any(|allow| allow.covers(hazard)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::kind::Body;
    use crate::catalog::schema::Schema;
    use crate::catalog::{Meta, Object, Tag};

    #[test]
    fn a_grant_widens_what_was_there_before() {
        let id = Id::global(Tag::Schema, "app");
        let object = Object {
            id: id.clone(),
            body: Body::from(Schema {}),
            meta: Meta::default(),
        };
        let with = Catalog::new(150_000, vec![object], [], BTreeMap::new());
        let grant = Step::alter(&id, "GRANT".into()).widening();
        let create = Step::create(&id, "CREATE".into());
        let codes = |from: &Catalog, steps: &[Step]| -> Vec<Code> {
            let hazards = derive(from, steps);
            hazards.iter().map(|hazard| hazard.code).collect()
        };
        assert_eq!(
            codes(&with, std::slice::from_ref(&grant)),
            [Code::AuthorizationWidened]
        );
        assert!(codes(&Catalog::default(), &[create, grant]).is_empty());
    }

    #[test]
    fn a_code_is_allowed_for_all_or_for_one() {
        let hazard = Hazard::unproven(&Id::global(Tag::Schema, "app"));
        let hazards = [hazard];
        let left = |allow: &str| not_allowed(&hazards, &[allow.parse().unwrap()]).len();
        assert_eq!(left("unproven"), 0);
        assert_eq!(left(&format!("unproven:{}", hazards[0].id)), 0);
        assert_eq!(left("unproven:something else"), 1);
        assert_eq!(left("data-loss"), 1);
        let error = "loss".parse::<Allow>().unwrap_err().to_string();
        assert!(error.contains("data-loss"), "{error}");
    }
}
