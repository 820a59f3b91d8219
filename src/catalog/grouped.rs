//! Short lists, one for each place, kept one after the other: what each object of a catalog uses, and what uses it.
//!
//! Pure. Knows nothing of what the items are.

/// The items of each place.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped<T> {
    items: Vec<T>,
    /// Where in `items` those of a place end.
    ends: Vec<usize>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl<T> Grouped<T> {
    /// Items with their places, which ascend.
    pub fn of(items: impl IntoIterator<Item = (usize, T)>) -> Self {
        let mut grouped = Self::default();
        for (place, item) in items {
            let end = grouped.items.len();
            grouped.items.push(item);
            // Places without items before this one end where it begins.
            grouped.ends.resize(grouped.ends.len().max(place), end);
            match grouped.ends.get_mut(place) {
                Some(last) => *last = end + 1,
                None => grouped.ends.push(end + 1),
            }
        }
        grouped
    }

    /// Items with their places, which are below `count` and may come in any order; those of a place stay in theirs.
    pub fn gathered(items: impl Iterator<Item = (usize, T)> + Clone, count: usize) -> Self
    where
        T: Copy,
    {
        let mut ends = vec![0; count];
        for (place, _) in items.clone() {
            if let Some(count) = ends.get_mut(place) {
                *count += 1;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            let count = std::mem::replace(end, total);
            total += count;
        }
        let any = items.clone().next();
        let mut gathered = any.map_or_else(Vec::new, |(_, any)| vec![any; total]);
        for (place, item) in items {
            let Some(end) = ends.get_mut(place) else {
                continue;
            };
            if let Some(free) = gathered.get_mut(*end) {
                *free = item;
            }
            *end += 1;
        }
        Self {
            items: gathered,
            ends,
        }
    }

    /// Does something with the items of each place.
    pub fn for_each(&mut self, mut work: impl FnMut(&mut [T])) {
        let mut start = 0;
        for &end in &self.ends {
            if let Some(items) = self.items.get_mut(start..end) {
                work(items);
            }
            start = end;
        }
    }

    /// Keeps the first of the items of a place that have the same key and follow each other.
    pub fn dedup_by_key<K: PartialEq>(&mut self, key: impl Fn(&T) -> K)
    where
        T: Copy,
    {
        let (mut start, mut kept) = (0, 0);
        for end in &mut self.ends {
            let mut last = None;
            for place in start..*end {
                let Some(item) = self.items.get(place).copied() else {
                    continue;
                };
                let key = Some(key(&item));
                if key != last {
                    if let Some(free) = self.items.get_mut(kept) {
                        *free = item;
                    }
                    kept += 1;
                    last = key;
                }
            }
            start = std::mem::replace(end, kept);
        }
        self.items.truncate(kept);
    }

    /// The items of a place, in the order in which they came.
    pub fn at(&self, place: usize) -> &[T] {
        let end = |place: usize| self.ends.get(place).copied();
        let start = place.checked_sub(1).map_or(Some(0), end);
        let range = start.zip(end(place));
        let items = range.and_then(|(start, end)| self.items.get(start..end));
        items.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_gathered_sorted_and_each_is_there_once() {
        let items = [(3, 'd'), (1, 'b'), (3, 'c'), (1, 'b'), (9, 'x'), (0, 'a')];
        let mut grouped = Grouped::gathered(items.into_iter(), 4);
        assert_eq!(grouped.at(3), ['d', 'c']);
        grouped.for_each(<[char]>::sort_unstable);
        assert_eq!(grouped.at(1), ['b', 'b']);
        grouped.dedup_by_key(|item| *item);
        let all: Vec<&[char]> = (0..5).map(|place| grouped.at(place)).collect();
        assert_eq!(all, [&['a'][..], &['b'], &[], &['c', 'd'], &[]]);
        let none = Grouped::gathered(std::iter::empty::<(usize, char)>(), 2);
        assert!(none.at(1).is_empty());
    }

    #[test]
    fn every_place_has_its_own_items() {
        let grouped = Grouped::of([(1, 'a'), (1, 'b'), (4, 'c'), (5, 'd')]);
        let all: Vec<&[char]> = (0..8).map(|place| grouped.at(place)).collect();
        let none: &[char] = &[];
        assert_eq!(
            all,
            [none, &['a', 'b'], none, none, &['c'], &['d'], none, none]
        );
    }
}
