//! Dependencies, once and for all kinds, from `pg_depend` (manual, chapter "System Catalogs").
//!
//! Relies on the addresses that kinds claim. A row that no kind claims but that depends internally on another
//! one stands for it (a row type for its table, `_RETURN` for its view, an index for its constraint), and a
//! member stands for its extension. Knows no kind; never parses SQL.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::catalog::address::{Class, Key};
use crate::catalog::row::{Row, RowError};
use crate::catalog::{Link, Object, Strength};

/// All dependencies between user objects, and who is a member of which extension. The objects of `initdb` are
/// pinned or known to every server, but for the schema `public` (OID 2200), which may be dropped. What a child has only
/// since its parent has it (columns, CHECK constraints) depends on that of the parent: `pg_inherits` says so, `pg_depend`
/// says it of the tables only. The triggers by which the server does foreign keys are nobody's, and nobody asks for TOAST tables. What
/// a row of another catalog says is not asked for again: the relation of a row type, the index of a constraint, and the columns
/// that a constraint or a default belongs to.
///
/// There are more of them than of anything else, and they are nothing but numbers: those of a sort come in one row, and
/// of a sort are those of columns of one number, too.
pub(super) const QUERY: &str = "\
SELECT classid, objsubid, refclassid, refobjsubid, deptype, array_agg(objid) AS objids, array_agg(refobjid) AS refobjids FROM (\
SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype \
FROM pg_depend WHERE deptype = 'e' OR (objid >= 16384 AND (refobjid >= 16384 OR refobjid = 2200 OR refclassid = 3079) AND NOT (\
deptype = 'i' AND (classid = 2620 OR (classid, refclassid) IN ((1247, 1259), (1259, 2606)) OR (classid = 1259 AND refclassid = 1259 AND refobjsubid = 0)) \
OR deptype = 'a' AND refclassid = 1259 AND classid IN (2604, 2606))) \
UNION ALL SELECT 1259, c.attrelid, c.attnum, 1259, p.attrelid, p.attnum, 'a' FROM pg_inherits i \
JOIN pg_attribute c ON c.attrelid = i.inhrelid AND c.attnum > 0 AND c.attinhcount > 0 AND NOT c.attislocal AND NOT c.attisdropped \
JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = c.attname WHERE EXISTS (SELECT FROM pg_inherits) \
UNION ALL SELECT 2606, c.oid, 0, 2606, p.oid, 0, 'a' FROM pg_inherits i \
JOIN pg_constraint c ON c.conrelid = i.inhrelid AND c.contype = 'c' AND c.coninhcount > 0 AND NOT c.conislocal \
JOIN pg_constraint p ON p.conrelid = i.inhparent AND p.contype = 'c' AND p.conname = c.conname WHERE EXISTS (SELECT FROM pg_inherits)) d \
GROUP BY classid, objsubid, refclassid, refobjsubid, deptype";

/// The dependencies of a row of [`QUERY`]: who depends on what, and how (`deptype`).
pub(super) fn read(row: &Row<'_>) -> Result<Vec<(Key, Key, char)>, RowError> {
    let keys = |class: &'static str, sub: &'static str, oids: &'static str| {
        let (class, sub) = (Class(row.number(class)?), row.number(sub)?);
        let oids = row.numbers(oids)?.into_iter();
        Ok(oids.map(move |oid| Key { class, oid, sub }))
    };
    let from = keys("classid", "objsubid", "objids")?;
    let to = keys("refclassid", "refobjsubid", "refobjids")?;
    let deptype = row.letter("deptype")?;
    Ok(from.zip(to).map(|(from, to)| (from, to, deptype)).collect())
}

/// What belongs to addresses. They come nearly sorted and are asked for nearly in order, so each is looked for near the last
/// one of its catalog, in a sorted list: hashing goes to another place in memory for each.
#[derive(Debug)]
struct Sorted<T>(BTreeMap<Class, List<T>>);

/// What belongs to the addresses of one catalog: to each row and column, as one number.
#[derive(Debug)]
struct List<T> {
    entries: Vec<(u64, T)>,
    last: Cell<usize>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        let (entries, last) = (Vec::new(), Cell::default());
        Self { entries, last }
    }
}

/// Where an address is in the list of its catalog.
fn number(key: Key) -> u64 {
    u64::from(key.oid) << 32 | u64::from(key.sub.cast_unsigned())
}

impl<T: Copy> Sorted<T> {
    fn push(&mut self, key: Key, value: T) {
        let list = self.0.entry(key.class).or_default();
        list.entries.push((number(key), value));
    }

    /// To be called before the first [`Sorted::get`]; of the values of one address the first counts.
    fn sort(&mut self) {
        for list in self.0.values_mut() {
            list.entries.sort_by_key(|(number, _)| *number);
            list.entries.dedup_by_key(|(number, _)| *number);
        }
    }

    fn get(&self, key: Key) -> Option<T> {
        self.0.get(&key.class)?.get(number(key))
    }
}

impl<T: Copy> List<T> {
    fn get(&self, wanted: u64) -> Option<T> {
        let near = self.near(wanted);
        let place = self.entries.get(near.clone())?;
        let place = place.partition_point(|(number, _)| *number < wanted) + near.start;
        self.last.set(place);
        let (number, value) = self.entries.get(place)?;
        (*number == wanted).then_some(*value)
    }

    /// Between which places the first number is that is not below, searched for in ever larger steps from the last place.
    fn near(&self, wanted: u64) -> Range<usize> {
        let is_below = |place: usize| {
            let entry = self.entries.get(place);
            entry.is_some_and(|(number, _)| *number < wanted)
        };
        let (mut start, mut end) = (self.last.get(), self.last.get());
        let mut step = 1;
        if is_below(start) {
            while is_below(end) {
                (start, end) = (end + 1, end + step);
                step *= 2;
            }
        } else {
            while start > 0 && !is_below(start - 1) {
                (start, end) = (start.saturating_sub(step), start);
                step *= 2;
            }
        }
        start.min(self.entries.len())..end.min(self.entries.len())
    }
}

/// Which object an address belongs to: all are noted first, then [`Addresses::sort`] is called, then they are looked up.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    objects: Sorted<usize>,
    members: Sorted<Key>,
    stand_ins: Sorted<Key>,
    rows: Vec<(Key, Key, Strength)>,
    extensions: Vec<(Key, Key)>,
}

/// How many stand-ins may follow each other: an array of the row type of a table needs two.
const DEPTH: usize = 8;

impl Addresses {
    /// Notes that an object is found at this address.
    pub(super) fn claim(&mut self, key: Key, object: usize) {
        self.objects.push(key, object);
    }

    /// Notes that what is at an address goes along with something else, and is a part of it.
    pub(super) fn stand_in_for(&mut self, part: Key, whole: Key) {
        self.stand_ins.push(part, whole);
    }

    /// Takes in a dependency.
    pub(super) fn add(&mut self, (from, to, deptype): (Key, Key, char)) {
        // A partition's copy of a trigger that is no object stands for what it is a copy of.
        let is_copy = deptype == 'P' && (from.class, to.class) == (Class::TRIGGER, Class::TRIGGER);
        if deptype == 'i' || is_copy {
            self.stand_in_for(from, to);
        }
        match deptype {
            'n' => self.rows.push((from, to, Strength::Normal)),
            'a' | 'i' | 'P' | 'S' => self.rows.push((from, to, Strength::Auto)),
            'e' => self.members.push(from, to),
            // Said to go with an extension: dropped along with it.
            'x' => {
                self.rows.push((from, to, Strength::Auto));
                self.extensions.push((from, to));
            }
            _ => {}
        }
    }

    /// To be called when all is noted.
    pub(super) fn sort(&mut self) {
        self.objects.sort();
        self.members.sort();
        self.stand_ins.sort();
        self.extensions.sort_unstable();
    }

    /// The object at an address.
    pub(super) fn exactly(&self, key: Key) -> Option<usize> {
        self.objects.get(key)
    }

    /// The address that the row at an address stands for.
    fn stand_in(&self, key: Key) -> Option<Key> {
        self.members.get(key).or_else(|| self.stand_ins.get(key))
    }

    /// The object at an address, or the one that it stands for.
    pub(super) fn object(&self, key: Key) -> Option<usize> {
        let mut key = key;
        for _ in 0..DEPTH {
            if let Some(object) = self.objects.get(key) {
                return Some(object);
            }
            key = match self.stand_in(key) {
                Some(next) => next,
                None if key.sub != 0 => Key { sub: 0, ..key },
                None => return None,
            };
        }
        None
    }

    /// The objects that the row at an address depends on, for an address that no object claims.
    pub(super) fn references(&self, key: Key) -> impl Iterator<Item = usize> {
        self.rows
            .iter()
            .filter(move |(from, ..)| from.class == key.class && from.oid == key.oid)
            .filter_map(|&(_, to, _)| self.object(to))
    }

    /// Tells objects which extensions they go with.
    pub(super) fn tell_extensions(&self, objects: &mut [Object]) {
        for &(from, to) in &self.extensions {
            let (Some(from), Some(to)) = (self.object(from), self.object(to)) else {
                continue;
            };
            let Some(name) = objects.get(to).map(|object| object.id.name.to_string()) else {
                continue;
            };
            if let Some(object) = objects.get_mut(from) {
                object.meta.extensions.push(name);
                object.meta.extensions.sort();
            }
        }
    }

    /// The dependencies between objects.
    pub(super) fn links(&self) -> Vec<Link> {
        // What a copy of a trigger depends on besides is its table: what it is a copy of outlives that.
        let is_own = |from: Key| from.class != Class::TRIGGER || self.exactly(from).is_some();
        let rows = self.rows.iter().filter(|(from, ..)| is_own(*from));
        let links = rows.filter_map(|&(from, to, strength)| {
            // An extension does not take along what is there for another object (the index of a constraint).
            let goes = self.extensions.binary_search(&(from, to)).is_ok();
            let stays = goes && self.stand_in(from).is_some();
            let strength = if stays { Strength::Normal } else { strength };
            let (from, to) = (self.object(from)?, self.object(to)?);
            (from != to).then_some(Link { from, to, strength })
        });
        links.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_any_order() {
        for count in 0..40 {
            let mut sorted = Sorted::default();
            let key = |oid, sub| Key {
                class: Class::CLASS,
                oid,
                sub,
            };
            for oid in (0..count).rev() {
                sorted.push(key(oid * 3, -1), oid);
                sorted.push(key(oid * 3, 0), oid + 1000);
            }
            sorted.push(key(0, 0), 7);
            sorted.sort();
            for (first, second) in (0..130).flat_map(|a| (0..130).map(move |b| (a, b))) {
                for oid in [first, second] {
                    let there = oid % 3 == 0 && oid / 3 < count;
                    assert_eq!(sorted.get(key(oid, -1)), there.then_some(oid / 3));
                    let other = there.then_some(oid / 3 + 1000);
                    let other = if count == 0 && oid == 0 {
                        Some(7)
                    } else {
                        other
                    };
                    assert_eq!(sorted.get(key(oid, 0)), other);
                }
            }
            assert_eq!(sorted.get(Key::new(Class::TYPE, 0)), None);
        }
    }
}
