//! What snapshots reach, and what of it is broken: the common half of `verify` and `gc`.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::Store;
use super::backend::BackendError;
use super::error::StoreError;
use super::hash::{ByHash, Class, Hash};
use super::manifest::Trees;
use super::tree::{Below, Value};

/// Blobs that cannot be read, and what each is.
pub(crate) type Broken = Rc<BTreeMap<Hash, String>>;

/// Walks trees. What was seen once is not read again.
pub(crate) struct Walker<'s, F> {
    store: &'s Store,
    /// Whether a blob that is not a node is there and whole.
    good: F,
    seen: HashMap<Hash, Broken, ByHash>,
    none: Broken,
}

impl<'s, F: FnMut(Hash) -> bool> Walker<'s, F> {
    pub(crate) fn new(store: &'s Store, good: F) -> Walker<'s, F> {
        Walker {
            store,
            good,
            seen: HashMap::default(),
            none: Broken::default(),
        }
    }

    /// Whether a blob was reached.
    pub(crate) fn reached(&self, hash: Hash) -> bool {
        self.seen.contains_key(&hash)
    }

    /// Reaches all that a snapshot needs; the result is what of it is broken.
    pub(crate) fn snapshot(&mut self, trees: Trees) -> Result<Broken, StoreError> {
        let parts = [
            self.tree::<Hash>(Class::Tree, trees.root)?,
            self.tree::<Vec<String>>(Class::Layout, trees.layout)?,
            self.tree::<Vec<String>>(Class::Edges, trees.edges)?,
        ];
        Ok(self.join(&parts))
    }

    /// Reaches a blob that refers to nothing.
    pub(crate) fn leaf(&mut self, hash: Hash, what: &str) -> Broken {
        if let Some(broken) = self.seen.get(&hash) {
            return Rc::clone(broken);
        }
        let broken = if (self.good)(hash) {
            Rc::clone(&self.none)
        } else {
            single(hash, what)
        };
        self.seen.insert(hash, Rc::clone(&broken));
        broken
    }

    fn join(&self, parts: &[Broken]) -> Broken {
        let mut broken = parts.iter().filter(|part| !part.is_empty());
        let Some(first) = broken.next() else {
            return Rc::clone(&self.none);
        };
        let mut joined = (**first).clone();
        for part in broken {
            joined.extend(part.iter().map(|(hash, what)| (*hash, what.clone())));
        }
        Rc::new(joined)
    }

    fn tree<V: Value + Leaf>(&mut self, class: Class, root: Hash) -> Result<Broken, StoreError> {
        if let Some(broken) = self.seen.get(&root) {
            return Ok(Rc::clone(broken));
        }
        let schemas = self.store.tree(class).below_top(root);
        let broken = match unreadable(schemas)? {
            None => single(root, &format!("the top of the {class}")),
            Some(schemas) => {
                let mut parts = Vec::new();
                for schema in schemas {
                    parts.push(self.node::<V>(class, schema, 0)?);
                }
                self.join(&parts)
            }
        };
        self.seen.insert(root, Rc::clone(&broken));
        Ok(broken)
    }

    fn node<V: Value + Leaf>(
        &mut self,
        class: Class,
        hash: Hash,
        depth: usize,
    ) -> Result<Broken, StoreError> {
        if let Some(broken) = self.seen.get(&hash) {
            return Ok(Rc::clone(broken));
        }
        let mut parts = Vec::new();
        match unreadable(self.store.tree(class).below::<V>(hash, depth))? {
            None => parts.push(single(hash, &format!("a node of the {class}"))),
            Some(Below::Nodes(nodes)) => {
                for node in nodes {
                    parts.push(self.node::<V>(class, node, depth + 1)?);
                }
            }
            Some(Below::Entries(entries)) => {
                for (id, value) in entries {
                    if let Some(object) = value.blob() {
                        parts.push(self.leaf(object, &id));
                    }
                }
            }
        }
        let broken = self.join(&parts);
        self.seen.insert(hash, Rc::clone(&broken));
        Ok(broken)
    }
}

fn single(hash: Hash, what: &str) -> Broken {
    Rc::new(BTreeMap::from([(hash, what.to_owned())]))
}

/// Damage is a finding, `None`; every other failure is one.
fn unreadable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(
            StoreError::Corrupt(_)
            | StoreError::MissingBlob { .. }
            | StoreError::Backend(BackendError::NotFound { .. }),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A value of a leaf: the blob that it refers to, if any.
pub(crate) trait Leaf {
    fn blob(&self) -> Option<Hash>;
}

impl Leaf for Hash {
    fn blob(&self) -> Option<Hash> {
        Some(*self)
    }
}

impl Leaf for Vec<String> {
    fn blob(&self) -> Option<Hash> {
        None
    }
}
