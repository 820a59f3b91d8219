//! Columns that a table can get only when its children are there. CREATE TABLE .. INHERITS puts what comes from parents first, in
//! their order; what a parent got later stands behind what a child has of itself. So such a column is added when the
//! children are there, which ADD COLUMN reaches, and what stands behind it comes after it.
//!
//! Not for partitions: they are made alone and attached.

use std::collections::{BTreeMap, BTreeSet};

use super::column::Origin;
use crate::catalog::kind::{Body, Tag};
use crate::catalog::{Catalog, Id, Object, Str};

/// Which columns those are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Late {
    columns: BTreeSet<Id>,
    /// For those that come from no parent: what stands before them, in their table and in its children.
    waits: BTreeMap<Id, Vec<Id>>,
}

impl Late {
    /// Those of a catalog, by its column order.
    pub(in crate::catalog) fn of(scene: &Catalog) -> Self {
        let objects = scene.objects().iter();
        let heirs: BTreeMap<&Id, Vec<&Id>> = objects
            .filter_map(|object| Some((&object.id, parents(object, scene)?)))
            .collect();
        let mut finding = Finding {
            scene,
            heirs,
            late: BTreeSet::new(),
        };
        let children: Vec<&Id> = finding.heirs.keys().copied().collect();
        for child in children {
            finding.compare(child);
        }
        finding.result()
    }

    /// Whether CREATE TABLE cannot make a column.
    pub(super) fn has(&self, column: &Id) -> bool {
        self.columns.contains(column)
    }

    /// What has to be there before ADD COLUMN.
    pub(super) fn before(&self, column: &Id) -> &[Id] {
        self.waits.get(column).map_or(&[], Vec::as_slice)
    }
}

/// The parents of a table that is no partition; `None` when it has none, or they are not all here.
fn parents<'a>(table: &Object, scene: &'a Catalog) -> Option<Vec<&'a Id>> {
    let parents = match &table.body {
        Body::Table(table) if !table.is_partition() => &table.parents,
        Body::ForeignTable(table) if table.bound.is_empty() => &table.parents,
        _ => return None,
    };
    let parents = parents
        .iter()
        .map(|parent| Some(&scene.get(&parent.id())?.id));
    let parents: Vec<&Id> = parents.collect::<Option<_>>()?;
    (!parents.is_empty()).then_some(parents)
}

/// A table and the name of a column.
type Place<'a> = (&'a Id, &'a Str);

struct Finding<'a> {
    scene: &'a Catalog,
    /// Tables with their parents.
    heirs: BTreeMap<&'a Id, Vec<&'a Id>>,
    late: BTreeSet<Place<'a>>,
}

impl<'a> Finding<'a> {
    /// Compares the order of a child's columns with that which CREATE TABLE would give them.
    fn compare(&mut self, child: &'a Id) {
        loop {
            let is_there = |column: &&'a Str| !self.late.contains(&(child, *column));
            let order: Vec<&Str> = self.scene.columns(child).iter().filter(is_there).collect();
            let mut made: Vec<&Str> = Vec::with_capacity(order.len());
            let mut seen: BTreeSet<&Str> = BTreeSet::new();
            let of_parents = self.parents(child).iter();
            let of_parents = of_parents.flat_map(|parent| self.scene.columns(parent));
            let known: BTreeSet<&Str> = order.iter().copied().collect();
            let of_parents = of_parents.filter(|column| known.contains(column));
            made.extend(
                of_parents
                    .chain(order.iter().copied())
                    .filter(|column| seen.insert(column)),
            );
            let differs = made
                .iter()
                .zip(&order)
                .find(|(made, wanted)| made != wanted);
            match differs {
                Some((&column, _)) if self.is_inherited(child, column) => {
                    self.delay((child, column));
                }
                _ => return,
            }
        }
    }

    /// With a column comes late what stands behind it, and what it comes from.
    fn delay(&mut self, place: Place<'a>) {
        let mut open = vec![place];
        while let Some((table, column)) = open.pop() {
            if !self.late.insert((table, column)) {
                continue;
            }
            let mut rest = self.scene.columns(table).iter();
            let behind = rest
                .find(|other| *other == column)
                .and_then(|_| rest.next());
            open.extend(behind.map(|column| (table, column)));
            open.extend(self.sources((table, column)));
        }
    }

    fn parents(&self, table: &Id) -> &[&'a Id] {
        self.heirs.get(table).map_or(&[], Vec::as_slice)
    }

    fn is_inherited(&self, table: &Id, column: &Str) -> bool {
        let column = self
            .scene
            .get(&id((table, column)))
            .map(|object| &object.body);
        matches!(column, Some(Body::Column(column)) if column.origin == Origin::Inherited)
    }

    /// Where an inherited column comes from.
    fn sources(&self, (table, column): Place<'a>) -> Vec<Place<'a>> {
        if !self.is_inherited(table, column) {
            return Vec::new();
        }
        let parents = self.parents(table).iter();
        let having = parents.filter(|parent| self.scene.columns(parent).contains(column));
        having.map(|&parent| (parent, column)).collect()
    }

    fn result(self) -> Late {
        let mut waits: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for &(table, column) in &self.late {
            let order = self.scene.columns(table).iter();
            let Some(before) = order.take_while(|other| *other != column).last() else {
                continue;
            };
            let mut open = vec![(table, column)];
            while let Some(place) = open.pop() {
                let sources = self.sources(place);
                if sources.is_empty() {
                    waits
                        .entry(id(place))
                        .or_default()
                        .push(id((table, before)));
                }
                open.extend(sources);
            }
        }
        Late {
            columns: self.late.into_iter().map(id).collect(),
            waits,
        }
    }
}

fn id((table, column): (&Id, &Str)) -> Id {
    Id::part(
        Tag::Column,
        table.schema.clone(),
        table.name.clone(),
        column.clone(),
    )
}
