//! Putting the objects of a catalog in the order of their ids, a root followed by its parts.
//!
//! There are hundreds of thousands, most of them parts, and they come from elsewhere in nearly any order: so roots are
//! compared with roots only, and parts with those of the same root. Pure. Knows no kind.

use rustc_hash::FxHashMap;

use super::grouped::Grouped;
use super::id::{Root, RootPlace};
use super::kind::Tag;
use super::{Id, Object};

/// What an object is sorted by among those of its root, and its place.
#[derive(Clone, Copy)]
struct InTree<'o> {
    is_part: bool,
    kind: Tag,
    name: &'o str,
    place: usize,
}

impl<'o> InTree<'o> {
    fn new(id: &'o Id, place: usize) -> Self {
        Self {
            is_part: id.is_part(),
            kind: id.kind,
            name: &id.name,
            place,
        }
    }

    fn key(&self) -> (bool, Tag, &'o str) {
        (self.is_part, self.kind, self.name)
    }
}

/// The places of the objects that count, in the order of their ids: without what is there twice (the first counts) and
/// without parts whose root is not there (columns of a relation that no kind models).
pub(super) fn order(objects: &[Object]) -> Vec<usize> {
    let ranks = ranks(objects);
    let count = ranks.iter().max().map_or(0, |last| last + 1);
    let ranked = objects.iter().enumerate().zip(ranks);
    let ranked = ranked.map(|((place, object), rank)| (rank, InTree::new(&object.id, place)));
    let ranked: Vec<_> = ranked.collect();
    let mut trees = Grouped::gathered(ranked.into_iter(), count);
    let mut order = Vec::with_capacity(objects.len());
    trees.for_each(|tree| {
        // Much of it is in order already, which a stable sort makes use of.
        tree.sort_by_key(InTree::key);
        if tree.first().is_some_and(|root| !root.is_part) {
            let same = tree.chunk_by(|a, b| a.key() == b.key());
            order.extend(same.filter_map(|same| same.first().map(|first| first.place)));
        }
    });
    order
}

/// Of each object, which one its root is among all roots in their order.
fn ranks(objects: &[Object]) -> Vec<usize> {
    let mut numbers: FxHashMap<Root<'_>, usize> = FxHashMap::default();
    // Parts mostly share the texts of their root, and then need no look at them.
    let mut by_place: FxHashMap<RootPlace, usize> = FxHashMap::default();
    // Most come behind others of their root.
    let mut last: Option<(RootPlace, usize)> = None;
    let numbered = objects.iter().map(|object| {
        let place = object.id.root_place();
        if let Some((_, number)) = last.filter(|(last, _)| *last == place) {
            return number;
        }
        let number = *by_place.entry(place).or_insert_with(|| {
            let next = numbers.len();
            *numbers.entry(object.id.root()).or_insert(next)
        });
        last = Some((place, number));
        number
    });
    let numbered: Vec<usize> = numbered.collect();
    let mut roots: Vec<(Root<'_>, usize)> = numbers.into_iter().collect();
    roots.sort_unstable();
    let mut ranks = vec![0; roots.len()];
    for (rank, (_, number)) in roots.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(number) {
            *place = rank;
        }
    }
    let ranked = numbered.into_iter();
    ranked
        .filter_map(|number| ranks.get(number).copied())
        .collect()
}

/// Puts objects in this order of their places, and leaves out those that are not in it. Says for each where it is now; `None`
/// for one that was left out.
pub(super) fn arrange(objects: Vec<Object>, order: &[usize]) -> (Vec<Object>, Vec<Option<usize>>) {
    let mut places = vec![None; objects.len()];
    for (place, &old) in order.iter().enumerate() {
        if let Some(found) = places.get_mut(old) {
            *found = Some(place);
        }
    }
    // One after the other, so that the processor can look for the next ones while it waits for the memory of one.
    let mut objects: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
    let mut arranged = Vec::with_capacity(order.len());
    for &old in order {
        arranged.extend(objects.get_mut(old).and_then(Option::take));
    }
    (arranged, places)
}
