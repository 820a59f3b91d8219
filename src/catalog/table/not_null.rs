//! NOT NULL of a column: a flag before version 18, since then a constraint with a name, a comment, and two states more
//! (`pg_constraint.contype` = `n`; manual: CREATE TABLE, ALTER TABLE). A property of the column, not an object: nothing
//! can depend on it.

use rustc_hash::FxHashSet;

use super::alter::only;
use super::column::Origin;
use super::{alter_as, in_partition, is_partitioned, parents_of, same_column};
use crate::catalog::kind::{Body, Tag};
use crate::catalog::meta;
use crate::catalog::names::Relation;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::{Lock, Reach, Step};
use crate::catalog::{Catalog, Id, Str};
use crate::record;

record! {
    /// A NOT NULL constraint.
    pub struct NotNull {
        /// Its name, when it is not the one that the server would choose (18 and later).
        pub name: String,
        /// Whether children need not have it (18 and later).
        pub no_inherit: bool,
        /// Whether rows from before it were not checked (18 and later).
        pub not_valid: bool,
        /// Whether only a parent demands it; its name is that of the parent's then. Of a partition it is not
        /// told: it has what its parent has by any name (18 and later).
        pub inherited: bool,
        /// Its comment (18 and later).
        pub comment: Option<String>,
    }
}

impl NotNull {
    /// That of the column of a row, when it has one.
    pub(super) fn read(
        row: &Row<'_>,
        table: &Relation,
        column: &str,
    ) -> Result<Option<Self>, RowError> {
        if row.opt("attnotnull")?.is_none() {
            return Ok(None);
        }
        if !row.has("conname") || row.opt("conname")?.is_none() {
            return Ok(Some(Self::default()));
        }
        let name = row.text("conname")?;
        let inherited = !row.flag("conislocal")? && !table.is_partition;
        let comment = row.opt("description")?.map(str::to_owned);
        let told = name != chosen_name(&table.name, column, "not_null")
            && (!inherited || comment.is_some());
        Ok(Some(Self {
            name: if told { name.to_owned() } else { String::new() },
            no_inherit: row.flag("connoinherit")?,
            not_valid: !row.flag("convalidated")?,
            inherited,
            comment,
        }))
    }

    /// Whether it says more than servers before 18 can.
    pub(super) fn is_told(&self) -> bool {
        let Self {
            name,
            no_inherit,
            not_valid,
            inherited: _,
            comment,
        } = self;
        !name.is_empty() || *no_inherit || *not_valid || comment.is_some()
    }

    /// Before 18 it has no name, and what a parent has is taken to come from there (as by `pg_dump`).
    pub(super) fn move_to(&mut self, id: &Id, origin: Origin, from: &Catalog, version: u32) {
        const SINCE: u32 = 180_000;
        let parent = (origin != Origin::Own)
            .then(|| in_parent(id, from))
            .flatten();
        if from.version() < SINCE && version >= SINCE {
            self.inherited = parent.is_some() && !in_partition(id, from);
        } else if from.version() >= SINCE && version < SINCE {
            self.inherited = false;
            if parent.is_some_and(|(column, parent)| parent.full_name(column) == self.name) {
                self.name.clear();
            }
        }
    }

    /// Whether it is written with the column: not when it comes from a parent, and not when CREATE TABLE cannot say it.
    pub(super) fn is_inline(&self) -> bool {
        !self.inherited && !self.not_valid
    }

    /// With its name where the server would choose another one, since something else has it.
    pub(super) fn told_in(&self, id: &Id, scene: &Catalog) -> Self {
        let name = if scene.taken().has(id) {
            self.full_name(id)
        } else {
            self.name.clone()
        };
        Self {
            name,
            ..self.clone()
        }
    }

    /// As a column's definition has it.
    pub(super) fn sql(&self) -> String {
        format!("{}NOT NULL{}", self.named(), self.no_inherit())
    }

    /// Whether CREATE TABLE of a child has to say it of a column that comes from a parent, since its name could not be
    /// told later.
    pub(super) fn is_named_at_creation(&self, scene: &Catalog) -> bool {
        self.is_inline() && scene.version() >= 180_000
    }

    /// As a constraint of the table.
    pub(super) fn table_sql(&self, column: &str) -> String {
        format!(
            "{}NOT NULL {}{}",
            self.named(),
            ident(column),
            self.no_inherit()
        )
    }

    /// Gives it to a column that comes from a parent; the parent's, where there is one, is enough before version 18.
    pub(super) fn set_alone(&self, id: &Id, scene: &Catalog) -> Option<Step> {
        if !self.is_inline() {
            None
        } else if scene.version() >= 180_000 {
            Some(self.set_with_parents(id, scene))
        } else {
            in_parent(id, scene)
                .is_none()
                .then(|| only(id, "SET NOT NULL"))
        }
    }

    fn named(&self) -> String {
        if self.name.is_empty() {
            String::new()
        } else {
            format!("CONSTRAINT {} ", ident(&self.name))
        }
    }

    fn no_inherit(&self) -> &'static str {
        if self.no_inherit { " NO INHERIT" } else { "" }
    }

    fn full_name(&self, column: &Id) -> String {
        if self.name.is_empty() {
            chosen_name(&column.on, &column.name, "not_null")
        } else {
            self.name.clone()
        }
    }

    /// SET NOT NULL; with a name it is an ADD CONSTRAINT.
    pub(super) fn set(&self, id: &Id) -> Step {
        let Self {
            name,
            no_inherit,
            not_valid,
            inherited: _,
            comment: _,
        } = self;
        if name.is_empty() && !no_inherit && !not_valid {
            return super::alter::alter(id, "SET NOT NULL").scanning();
        }
        let valid = if *not_valid { " NOT VALID" } else { "" };
        let what = format!("ADD {}{valid}", self.table_sql(&id.name));
        let step = on_table(id, &what);
        if *not_valid { step } else { step.scanning() }
    }

    /// SET NOT NULL after the partitions have theirs: they would get it by this name, and their own would be merged with
    /// it, which cannot be renamed after that (18 and later).
    /// By its name where they call theirs alike: the server would choose one that is not taken.
    pub(super) fn set_with_parents(&self, id: &Id, scene: &Catalog) -> Step {
        let name = self.full_name(id);
        let partitions = of_partitions(id, scene);
        let alike = partitions
            .iter()
            .any(|(child, own)| own.full_name(child) == name);
        let set = if alike {
            let named = self.clone();
            Self { name, ..named }.set(id)
        } else {
            self.told_in(id, scene).set(id)
        };
        let step = set.needing(partitions.iter().map(|(child, _)| called(child)));
        if in_partition(id, scene) {
            step.making([called(id)])
        } else {
            step
        }
    }

    /// Whether partitions have it by names of their own, which they would not get with the parent's.
    pub(super) fn is_called_otherwise(&self, id: &Id, scene: &Catalog) -> bool {
        let name = self.full_name(id);
        let mut partitions = of_partitions(id, scene).into_iter();
        partitions.any(|(child, own)| own.full_name(child) != name)
    }

    /// What follows when the column is made with all that [`Self::is_inline`].
    pub(super) fn complete(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.not_valid && !self.inherited {
            steps.extend(self.set_unchecked(id, scene));
        }
        steps.extend(self.comment.is_some().then(|| self.comment_on(id)));
        steps
    }

    /// ADD .. NOT VALID, and the check of children that have it checked: they get it unchecked when they are there, so
    /// all have to be.
    fn set_unchecked(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut children = children(id, scene);
        children.retain(|(child, _)| !in_partition(child, scene));
        let tables = children.iter().map(|(child, _)| table(child));
        let set = self.told_in(id, scene).set(id);
        let mut steps = vec![set.needing(tables)];
        self.check_below(id, id, scene, &mut steps);
        steps
    }

    /// Adds the checks of those below `above` that have it checked, which is for all below them, too.
    fn check_below(&self, id: &Id, above: &Id, scene: &Catalog, steps: &mut Vec<Step>) {
        for (child, not_null) in children(above, scene) {
            if not_null.not_valid {
                self.check_below(id, child, scene, steps);
            } else if in_partition(child, scene) {
                // Of the partition, so that it comes before this leaves and joins again.
                let what = format!("VALIDATE CONSTRAINT {}", ident(&not_null.full_name(child)));
                steps.push(validate(child, &what).needing([id.clone()]));
            } else if not_null.inherited {
                let what = format!("VALIDATE CONSTRAINT {}", ident(&self.full_name(id)));
                let check = alter_as(id, &table(child), &what).reaching(Reach::Descendants);
                steps.push(check.lock(Lock::ShareUpdateExclusive).scanning());
            }
        }
    }

    /// DROP NOT NULL. Before 18 it is taken from children, too, also from those that keep theirs. What is below them is
    /// theirs to care for: each has lost it and follows its parent.
    pub(super) fn drop(id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut steps = vec![super::alter::alter(id, "DROP NOT NULL")];
        if scene.version() < 180_000 {
            let children = children(id, scene).into_iter();
            steps.extend(children.map(|(child, _)| {
                let again = Step {
                    subject: id.clone(),
                    ..only(child, "SET NOT NULL")
                };
                again.needing([child.clone()]).scanning()
            }));
        }
        steps
    }

    fn comment_on(&self, id: &Id) -> Step {
        let address = format!(
            "CONSTRAINT {} ON {}",
            ident(&self.full_name(id)),
            id.on_sql()
        );
        meta::comment_on(id, &address, self.comment.as_deref())
    }

    /// The steps from `old`, when both are there.
    pub(super) fn change(old: Option<&Self>, new: &Self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let Some(old) = old else {
            let own = (!new.inherited).then(|| new.set_with_parents(id, scene));
            let comment = new.comment.is_some().then(|| new.comment_on(id));
            return own.into_iter().chain(comment).collect();
        };
        if old == new {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if new.inherited {
            if !old.inherited {
                // The parent's, which follows, makes it anew.
                steps.push(only(id, "DROP NOT NULL"));
            } else if old.not_valid && !new.not_valid {
                steps.extend(check_alone(id, scene));
            }
        } else if !old.not_valid && new.not_valid {
            steps.push(super::alter::alter(id, "DROP NOT NULL"));
            steps.extend(new.set_unchecked(id, scene));
        } else if old.no_inherit != new.no_inherit {
            steps.extend([
                super::alter::alter(id, "DROP NOT NULL"),
                new.told_in(id, scene).set(id),
            ]);
        } else {
            steps.extend(Self::change_own(old, new, id, scene));
        }
        if in_partition(id, scene) && scene.version() >= 180_000 {
            for step in &mut steps {
                step.carried = true;
            }
        }
        if old.comment != new.comment {
            steps.push(new.comment_on(id));
        }
        steps
    }

    /// Name and validity of what is not only a parent's.
    fn change_own(old: &Self, new: &Self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let mut steps = Vec::new();
        if old.inherited {
            steps.push(new.told_in(id, scene).set(id));
        } else if old.name != new.name {
            let (from, to) = (old.full_name(id), new.full_name(id));
            let what = format!("RENAME CONSTRAINT {} TO {}", ident(&from), ident(&to));
            // Before a parent's merges with it.
            steps.push(on_table(id, &what).making([called(id)]));
        }
        if old.not_valid && !new.not_valid {
            let what = format!("VALIDATE CONSTRAINT {}", ident(&new.full_name(id)));
            steps.push(validate(id, &what));
        }
        steps
    }
}

/// The names of constraints that the server would choose for NOT NULL of a column, but for their being of something else in
/// the schema already (`ChooseConstraintName()` of `pg_constraint.c`; 18 and later). `CREATE TABLE .. LIKE` makes such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenNames(FxHashSet<(Str, String)>);

impl TakenNames {
    pub(in crate::catalog) fn of(catalog: &Catalog) -> Self {
        if catalog.version() < 180_000 {
            return Self::default();
        }
        let names = catalog.objects().iter().filter_map(|object| {
            let name = match &object.body {
                Body::Column(column) => column.not_null.as_ref()?.name.clone(),
                Body::Constraint(_) | Body::DomainConstraint(_) => object.id.name.to_string(),
                _ => return None,
            };
            let id = &object.id;
            name.ends_with("_not_null")
                .then(|| (id.schema.clone(), name))
        });
        Self(names.collect())
    }

    /// Whether that of a column is among them.
    fn has(&self, column: &Id) -> bool {
        let chosen = || chosen_name(&column.on, &column.name, "not_null");
        !self.0.is_empty() && self.0.contains(&(column.schema.clone(), chosen()))
    }
}

/// VALIDATE in a child whose parent's stays unchecked.
fn check_alone(id: &Id, scene: &Catalog) -> Option<Step> {
    let (parent, not_null) = in_parent(id, scene)?;
    let what = format!("VALIDATE CONSTRAINT {}", ident(&not_null.full_name(parent)));
    not_null
        .not_valid
        .then(|| validate(id, &what).needing([parent.clone()]))
}

fn on_table(column: &Id, what: &str) -> Step {
    alter_as(column, &table(column), what).reaching(Reach::Descendants)
}

fn validate(column: &Id, what: &str) -> Step {
    on_table(column, what)
        .lock(Lock::ShareUpdateExclusive)
        .scanning()
}

fn table(column: &Id) -> Id {
    Id::in_schema(Tag::Table, column.schema.clone(), column.on.clone())
}

/// The column of the first parent that has one with NOT NULL.
fn in_parent<'a>(column: &Id, scene: &'a Catalog) -> Option<(&'a Id, &'a NotNull)> {
    parents_of(column, scene).iter().find_map(|parent| {
        let (id, above) = same_column(&parent.id(), column, scene)?;
        Some((id, above.not_null.as_ref()?))
    })
}

/// The columns of children that have a column's NOT NULL, too.
fn children<'a>(column: &Id, scene: &'a Catalog) -> Vec<(&'a Id, &'a NotNull)> {
    let tables = scene.children(&table(column));
    let columns = tables.filter_map(|child| {
        let (id, below) = same_column(&child.id, column, scene)?;
        Some((id, below.not_null.as_ref()?))
    });
    columns.collect()
}

/// The columns of partitions that have a column's NOT NULL by a name (18 and later).
fn of_partitions<'a>(column: &Id, scene: &'a Catalog) -> Vec<(&'a Id, &'a NotNull)> {
    if scene.version() < 180_000 || !is_partitioned(column, scene) {
        return Vec::new();
    }
    children(column, scene)
}

/// Stands for the NOT NULL of a column of a partition; no object has this id.
fn called(column: &Id) -> Id {
    Id {
        args: "not null".into(),
        ..column.clone()
    }
}

/// The name that the server chooses first for something about a column (`makeObjectName()` of
/// `commands/indexcmds.c`): at most 63 bytes, the longer of the two names cut.
fn chosen_name(table: &str, column: &str, label: &str) -> String {
    let (mut table, mut column) = (table, column);
    while table.len() + column.len() + label.len() + 2 > 63 {
        let longer = if table.len() > column.len() {
            &mut table
        } else {
            &mut column
        };
        let mut end = longer.len().saturating_sub(1);
        while !longer.is_char_boundary(end) {
            end -= 1;
        }
        *longer = &longer[..end];
    }
    format!("{table}_{column}_{label}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_the_server_cuts_them() {
        assert_eq!(chosen_name("t", "c", "not_null"), "t_c_not_null");
        let long = "x".repeat(63);
        assert_eq!(
            chosen_name(&long, "c", "not_null"),
            format!("{}_c_not_null", "x".repeat(52))
        );
        assert_eq!(chosen_name(&long, &long, "not_null").len(), 63);
    }
}
