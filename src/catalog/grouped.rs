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
