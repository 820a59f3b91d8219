//! The trees of a snapshot: sorted (id, value) entries per schema, in buckets when there are many (docs/FORMAT.md, "Trees").
//!
//! Pure: nodes come from and go to the caller. The shape is a function of the set of ids alone.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::canon;
use super::error::StoreError;
use super::hash::{Class, Hash};
use crate::parallel;

/// The most entries of a leaf. Larger sets are split by the bucket hash of their ids.
const LEAF: usize = 128;

/// The number of hex digits in a hash: no branch can be deeper.
const DIGITS: usize = 64;

/// What an id has in a tree that is read.
pub(crate) trait Value: Clone + PartialEq + Serialize + DeserializeOwned {}

impl<V: Clone + PartialEq + Serialize + DeserializeOwned> Value for V {}

/// Entries of one schema, sorted by id, each id once.
pub(crate) type Entries<V> = Vec<(String, V)>;

/// The entries of each schema, as they are written: sorted by id, each id once.
pub(crate) type Schemas<'i, V> = BTreeMap<&'i str, Vec<(&'i str, V)>>;

/// The top node.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Top {
    schemas: Vec<(String, Hash)>,
}

/// A node whose ids are borrowed when it is written, and owned when it was read.

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Node<I, V> {
    Leaf(Vec<(I, V)>),
    Branch(Vec<(char, Hash)>),
}

/// A node that was built: its hash and its canonical bytes.
pub(crate) type Built = (Hash, Vec<u8>);

/// Fewer leaves than this are written on one thread.
const MANY: usize = 16;

/// A tree before its nodes are written: leaves by their numbers.
enum Shape {
    Leaf(usize),
    Branch(Vec<(char, Shape)>),
}

/// Builds the tree over `schemas`; the last node is the top. Ids must be sorted by bytes and occur once per schema.
pub(crate) fn build<V: Serialize + Send>(
    class: Class,
    schemas: Schemas<'_, V>,
) -> Result<Vec<Built>, StoreError> {
    let mut leaves = Vec::new();
    let mut shapes = Vec::with_capacity(schemas.len());
    for (schema, entries) in schemas {
        if entries.is_empty() {
            continue;
        }
        let shape = if entries.len() <= LEAF {
            leaf(entries, &mut leaves)
        } else {
            let keyed = entries.into_iter();
            let keyed = keyed.map(|entry| (Class::Bucket.hash(entry.0.as_bytes()), entry));
            bucket(keyed.collect(), 0, &mut leaves)
        };
        shapes.push((schema, shape));
    }
    // Leaves are all there is, nearly.
    let write = |entries| write_node(class, &Node::Leaf::<&str, V>(entries));
    let leaves = parallel::map(leaves, MANY, write);
    let mut nodes = leaves.into_iter().collect::<Result<Vec<Built>, _>>()?;
    let mut top = Top {
        schemas: Vec::with_capacity(shapes.len()),
    };
    for (schema, shape) in shapes {
        let hash = branches(class, shape, &mut nodes)?;
        top.schemas.push((schema.to_owned(), hash));
    }
    nodes.push(write_node(class, &top)?);
    Ok(nodes)
}

fn write_node<T: Serialize>(class: Class, node: &T) -> Result<Built, StoreError> {
    let bytes = canon::encode(node).map_err(StoreError::unencodable)?;
    Ok((class.hash(&bytes), bytes))
}

fn leaf<E>(entries: Vec<E>, leaves: &mut Vec<Vec<E>>) -> Shape {
    leaves.push(entries);
    Shape::Leaf(leaves.len() - 1)
}

/// Splits entries by the hashes of their ids.
fn bucket<E>(entries: Vec<(Hash, E)>, depth: usize, leaves: &mut Vec<Vec<E>>) -> Shape {
    if entries.len() <= LEAF || depth == DIGITS {
        return leaf(
            entries.into_iter().map(|(_, entry)| entry).collect(),
            leaves,
        );
    }
    let mut buckets: [Vec<(Hash, E)>; 16] = std::array::from_fn(|_| Vec::new());
    for entry in entries {
        // A digit is below 16.
        if let Some(bucket) = buckets.get_mut(usize::from(entry.0.digit(depth))) {
            bucket.push(entry);
        }
    }
    let buckets = ('0'..='9').chain('a'..='f').zip(buckets);
    let filled = buckets.filter(|(_, entries)| !entries.is_empty());
    Shape::Branch(
        filled
            .map(|(digit, entries)| (digit, bucket(entries, depth + 1, leaves)))
            .collect(),
    )
}

/// Writes the branches of a tree behind its leaves, and returns the hash of its root.
fn branches(class: Class, shape: Shape, nodes: &mut Vec<Built>) -> Result<Hash, StoreError> {
    let branch = match shape {
        // All leaves come first.
        Shape::Leaf(number) => return Ok(nodes.get(number).map_or(Hash([0; 32]), |leaf| leaf.0)),
        Shape::Branch(branch) => branch,
    };
    let mut written = Vec::with_capacity(branch.len());
    for (digit, shape) in branch {
        written.push((digit, branches(class, shape, nodes)?));
    }
    let node = write_node(class, &Node::Branch::<&str, Hash>(written))?;
    let hash = node.0;
    nodes.push(node);
    Ok(hash)
}

/// Decodes a node and refuses every spelling but the one that [`build`] writes.
fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let node: T = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let again = canon::encode(&node).map_err(|error| error.to_string())?;
    if again != bytes {
        return Err("not canonical".to_owned());
    }
    Ok(node)
}

fn decode_top(bytes: &[u8]) -> Result<Top, String> {
    let top: Top = decode(bytes)?;
    ascending(top.schemas.iter().map(|(schema, _)| schema.as_bytes()))?;
    Ok(top)
}

fn decode_node<V: Value>(bytes: &[u8], depth: usize) -> Result<Node<String, V>, String> {
    let node: Node<String, V> = decode(bytes)?;
    match &node {
        Node::Leaf(entries) if entries.is_empty() => {
            return Err("a leaf without entries".to_owned());
        }
        Node::Leaf(entries) if entries.len() > LEAF && depth < DIGITS => {
            return Err(format!(
                "a leaf of {} entries, more than {LEAF}",
                entries.len()
            ));
        }
        Node::Leaf(entries) => ascending(entries.iter().map(|(id, _)| id.as_bytes()))?,
        Node::Branch(_) if depth >= DIGITS => return Err("a branch that is too deep".to_owned()),
        Node::Branch(children) => {
            if !children
                .iter()
                .all(|(digit, _)| matches!(digit, '0'..='9' | 'a'..='f'))
            {
                return Err("a branch with a child that is no hexadecimal digit".to_owned());
            }
            ascending(children.iter().map(|(digit, _)| digit))?;
        }
    }
    Ok(node)
}

fn ascending<T: PartialOrd>(keys: impl Iterator<Item = T>) -> Result<(), String> {
    if keys.is_sorted_by(|a, b| a < b) {
        Ok(())
    } else {
        Err("entries that are not sorted, or one twice".to_owned())
    }
}

/// Checks the bytes of a node of any kind: the fuzz target's entry.
pub fn check_node(class: Class, bytes: &[u8]) -> Result<(), String> {
    if decode_top(bytes).is_ok() {
        return Ok(());
    }
    match class {
        Class::Layout | Class::Edges => decode_node::<Vec<String>>(bytes, 0).map(|_| ()),
        _ => decode_node::<Hash>(bytes, 0).map(|_| ()),
    }
}

/// Where nodes come from: bytes of the blob with this class and hash, already checked against the hash.
pub(crate) trait Source {
    fn blob(&self, class: Class, hash: Hash) -> Result<Vec<u8>, StoreError>;
}

/// A tree that can be read: its class, and where its nodes are.
pub(crate) struct Tree<'a, S> {
    pub(crate) class: Class,
    pub(crate) source: &'a S,
}

/// An id whose value differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference<V> {
    pub(crate) schema: String,
    pub(crate) id: String,
    pub(crate) before: Option<V>,
    pub(crate) after: Option<V>,
}

impl<S: Source> Tree<'_, S> {
    fn top(&self, root: Hash) -> Result<Top, StoreError> {
        let bytes = self.source.blob(self.class, root)?;
        decode_top(&bytes).map_err(|problem| StoreError::bad_blob(self.class, root, problem))
    }

    fn node<V: Value>(&self, hash: Hash, depth: usize) -> Result<Node<String, V>, StoreError> {
        let bytes = self.source.blob(self.class, hash)?;
        decode_node(&bytes, depth)
            .map_err(|problem| StoreError::bad_blob(self.class, hash, problem))
    }

    /// All entries, per schema, sorted.
    pub(crate) fn entries<V: Value>(
        &self,
        root: Hash,
    ) -> Result<Vec<(String, Entries<V>)>, StoreError> {
        let mut schemas = Vec::new();
        for (schema, hash) in self.top(root)?.schemas {
            schemas.push((schema, self.entries_below(hash, 0)?));
        }
        Ok(schemas)
    }

    fn entries_below<V: Value>(&self, hash: Hash, depth: usize) -> Result<Entries<V>, StoreError> {
        let children = match self.node(hash, depth)? {
            Node::Leaf(entries) => return Ok(entries),
            Node::Branch(children) => children,
        };
        let mut entries = Vec::new();
        for (_, child) in children {
            entries.extend(self.entries_below(child, depth + 1)?);
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }

    /// The value of `id`, in whichever schema it is; descends along the bucket of the id only.
    pub(crate) fn lookup<V: Value>(
        &self,
        root: Hash,
        id: &str,
    ) -> Result<Option<(String, V)>, StoreError> {
        let key = Class::Bucket.hash(id.as_bytes());
        for (schema, hash) in self.top(root)?.schemas {
            if let Some(value) = self.lookup_below(hash, id, key)? {
                return Ok(Some((schema, value)));
            }
        }
        Ok(None)
    }

    /// The value of `id` in this schema.
    pub(crate) fn lookup_in<V: Value>(
        &self,
        root: Hash,
        schema: &str,
        id: &str,
    ) -> Result<Option<V>, StoreError> {
        let schemas = self.top(root)?.schemas;
        let Some((_, hash)) = schemas.into_iter().find(|(name, _)| name == schema) else {
            return Ok(None);
        };
        self.lookup_below(hash, id, Class::Bucket.hash(id.as_bytes()))
    }

    fn lookup_below<V: Value>(
        &self,
        mut hash: Hash,
        id: &str,
        key: Hash,
    ) -> Result<Option<V>, StoreError> {
        for depth in 0..=DIGITS {
            let children = match self.node::<V>(hash, depth)? {
                Node::Leaf(entries) => {
                    return Ok(entries
                        .into_iter()
                        .find(|entry| entry.0 == id)
                        .map(|entry| entry.1));
                }
                Node::Branch(children) => children,
            };
            let digit = char::from_digit(u32::from(key.digit(depth)), 16);
            match children.into_iter().find(|child| Some(child.0) == digit) {
                Some(child) => hash = child.1,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What differs from `before` to `after`, sorted by schema and id; descends only where hashes differ.
    pub(crate) fn compare<V: Value>(
        &self,
        before: Hash,
        after: Hash,
    ) -> Result<Vec<Difference<V>>, StoreError> {
        if before == after {
            return Ok(Vec::new());
        }
        let (old, new) = (self.top(before)?.schemas, self.top(after)?.schemas);
        let mut found = Vec::new();
        for (schema, old, new) in pairs(old, new) {
            if old == new {
                continue;
            }
            let mut changes = Vec::new();
            self.compare_below(old, new, 0, &mut changes)?;
            changes.sort_by(|a: &Change<V>, b| a.0.cmp(&b.0));
            found.extend(changes.into_iter().map(|(id, before, after)| Difference {
                schema: schema.clone(),
                id,
                before,
                after,
            }));
        }
        Ok(found)
    }

    fn compare_below<V: Value>(
        &self,
        before: Option<Hash>,
        after: Option<Hash>,
        depth: usize,
        found: &mut Vec<Change<V>>,
    ) -> Result<(), StoreError> {
        let read = |hash: Option<Hash>| hash.map(|hash| self.node::<V>(hash, depth)).transpose();
        let (old, new) = match (read(before)?, read(after)?) {
            (Some(Node::Branch(old)), Some(Node::Branch(new))) => {
                for (_, old, new) in pairs(old, new) {
                    if old != new {
                        self.compare_below(old, new, depth + 1, found)?;
                    }
                }
                return Ok(());
            }
            (old, new) => (self.flatten(old, depth)?, self.flatten(new, depth)?),
        };
        found.extend(
            pairs(old, new)
                .into_iter()
                .filter(|(_, old, new)| old != new),
        );
        Ok(())
    }

    fn flatten<V: Value>(
        &self,
        node: Option<Node<String, V>>,
        depth: usize,
    ) -> Result<Entries<V>, StoreError> {
        let children = match node {
            None => return Ok(Vec::new()),
            Some(Node::Leaf(entries)) => return Ok(entries),
            Some(Node::Branch(children)) => children,
        };
        let mut entries = Vec::new();
        for (_, child) in children {
            entries.extend(self.entries_below(child, depth + 1)?);
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }

    /// The nodes below the top node `root`, or the values of the entries: what `root` needs directly.
    pub(crate) fn below_top(&self, root: Hash) -> Result<Vec<Hash>, StoreError> {
        Ok(self
            .top(root)?
            .schemas
            .into_iter()
            .map(|(_, hash)| hash)
            .collect())
    }

    /// What the node `hash` at `depth` needs directly.
    pub(crate) fn below<V: Value>(&self, hash: Hash, depth: usize) -> Result<Below<V>, StoreError> {
        Ok(match self.node(hash, depth)? {
            Node::Leaf(entries) => Below::Entries(entries),
            Node::Branch(children) => {
                Below::Nodes(children.into_iter().map(|(_, hash)| hash).collect())
            }
        })
    }
}

/// What a node refers to.
pub(crate) enum Below<V> {
    Nodes(Vec<Hash>),
    Entries(Entries<V>),
}

type Change<V> = (String, Option<V>, Option<V>);

/// Joins two lists that are sorted by key: every key of either, with the values it has.
fn pairs<K: Ord, V>(old: Vec<(K, V)>, new: Vec<(K, V)>) -> Vec<(K, Option<V>, Option<V>)> {
    let mut joined = Vec::with_capacity(old.len().max(new.len()));
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return joined,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.0.cmp(&b.0),
        };
        let a = if order.is_le() { old.next() } else { None };
        let b = if order.is_ge() { new.next() } else { None };
        match (a, b) {
            (Some((key, a)), Some((_, b))) => joined.push((key, Some(a), Some(b))),
            (Some((key, a)), None) => joined.push((key, Some(a), None)),
            (None, Some((key, b))) => joined.push((key, None, Some(b))),
            (None, None) => return joined,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "tree_tests.rs"]
mod tests;
