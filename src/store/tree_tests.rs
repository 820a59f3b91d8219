//! Tests of the trees: shape, reading back, comparing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Nodes in memory; counts what is read.
#[derive(Default)]
struct Memory {
    nodes: BTreeMap<Hash, Vec<u8>>,
    reads: RefCell<usize>,
}

impl Memory {
    fn add(&mut self, schemas: &BTreeMap<String, BTreeMap<String, Hash>>) -> Hash {
        let schemas = schemas
            .iter()
            .map(|(name, entries)| {
                let entries = entries.iter().map(|(id, hash)| (&**id, *hash));
                (&**name, entries.collect())
            })
            .collect();
        let nodes = build(Class::Tree, schemas).unwrap();
        let root = nodes.last().unwrap().0;
        self.nodes.extend(nodes);
        root
    }

    fn tree(&self) -> Tree<'_, Memory> {
        Tree {
            class: Class::Tree,
            source: self,
        }
    }
}

impl Source for Memory {
    fn blob(&self, class: Class, hash: Hash) -> Result<Vec<u8>, StoreError> {
        *self.reads.borrow_mut() += 1;
        self.nodes
            .get(&hash)
            .cloned()
            .ok_or(StoreError::MissingBlob { class, hash })
    }
}

type Schemas = BTreeMap<String, BTreeMap<String, Hash>>;

fn many(count: usize) -> Schemas {
    let entries = (0..count)
        .map(|n| {
            (
                format!("table s.t{n}"),
                Class::Object.hash(&n.to_le_bytes()),
            )
        })
        .collect();
    BTreeMap::from([("s".to_owned(), entries)])
}

/// Few distinct ids, so that both sides share some, and enough of them to cross the leaf limit.
fn schemas() -> impl Strategy<Value = Schemas> {
    let entries = prop::collection::btree_map(
        (0_u16..400).prop_map(|n| format!("t{n}")),
        (0_u8..3).prop_map(|n| Class::Object.hash(&[n])),
        0..300,
    );
    prop::collection::btree_map("[ab]?", entries, 0..3)
}

fn differences(old: &Schemas, new: &Schemas) -> Vec<Difference<Hash>> {
    let flat = |schemas: &Schemas| -> BTreeMap<(String, String), Hash> {
        let flat = schemas
            .iter()
            .flat_map(|(s, entries)| entries.iter().map(|(id, v)| ((s.clone(), id.clone()), *v)));
        flat.collect()
    };
    let (old, new) = (flat(old), flat(new));
    let mut keys: Vec<_> = old.keys().chain(new.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    let changes = keys
        .into_iter()
        .filter(|key| old.get(key) != new.get(key))
        .map(|key| Difference {
            before: old.get(&key).copied(),
            after: new.get(&key).copied(),
            schema: key.0,
            id: key.1,
        });
    changes.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_come_back(schemas in schemas()) {
        let mut memory = Memory::default();
        let root = memory.add(&schemas);
        let read: Schemas = memory.tree().entries::<Hash>(root).unwrap().into_iter()
            .map(|(name, entries)| (name, entries.into_iter().collect())).collect();
        let mut wanted = schemas.clone();
        wanted.retain(|_, entries| !entries.is_empty());
        prop_assert_eq!(read, wanted);
    }

    #[test]
    fn comparing_finds_exactly_what_differs(old in schemas(), new in schemas()) {
        let mut memory = Memory::default();
        let (a, b) = (memory.add(&old), memory.add(&new));
        let found = memory.tree().compare::<Hash>(a, b).unwrap();
        prop_assert_eq!(&found, &differences(&old, &new));
        prop_assert_eq!(found.is_empty(), a == b);
    }

    #[test]
    fn every_id_is_found(schemas in schemas()) {
        let mut memory = Memory::default();
        let root = memory.add(&schemas);
        for (schema, entries) in &schemas {
            for (id, value) in entries {
                let found = memory.tree().lookup::<Hash>(root, id).unwrap();
                // The same id may be in both schemas; the first is found.
                let first = schemas.iter().find(|(_, e)| e.contains_key(id)).unwrap();
                if first.0 == schema {
                    prop_assert_eq!(found, Some((schema.clone(), *value)));
                }
            }
        }
        prop_assert_eq!(memory.tree().lookup::<Hash>(root, "absent").unwrap(), None);
    }
}

#[test]
fn a_change_in_a_large_schema_touches_few_nodes() {
    let mut memory = Memory::default();
    let mut schemas = many(10_000);
    let a = memory.add(&schemas);
    let before = memory.nodes.len();
    let bytes_before: usize = memory.nodes.values().map(Vec::len).sum();
    schemas
        .get_mut("s")
        .unwrap()
        .insert("table s.t77".to_owned(), Class::Object.hash(b"other"));
    let b = memory.add(&schemas);
    assert_eq!(
        memory.nodes.len() - before,
        4,
        "a leaf, two branches, the top"
    );
    let bytes: usize = memory.nodes.values().map(Vec::len).sum();
    assert!(
        bytes - bytes_before < 10_000,
        "{} bytes",
        bytes - bytes_before
    );
    let found = memory.tree().compare::<Hash>(a, b).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(*memory.reads.borrow(), 8);
}

#[test]
fn other_shapes_and_spellings_are_refused() {
    let hash = Class::Object.hash(b"");
    let bad = [
        "{\"leaf\":[]}".to_owned(),
        format!("{{\"leaf\":[[\"b\",\"{hash}\"],[\"a\",\"{hash}\"]]}}"),
        format!("{{\"leaf\":[[\"a\",\"{hash}\"],[\"a\",\"{hash}\"]]}}"),
        format!("{{\"leaf\": [[\"a\",\"{hash}\"]]}}"),
        format!("{{\"leaf\":[[\"\\u0061\",\"{hash}\"]]}}"),
        format!("{{\"branch\":[[\"g\",\"{hash}\"]]}}"),
        format!("{{\"branch\":[[\"1\",\"{hash}\"],[\"0\",\"{hash}\"]]}}"),
        format!("{{\"schemas\":[[\"b\",\"{hash}\"],[\"a\",\"{hash}\"]]}}"),
        format!("{{\"schemas\":[],\"more\":\"{hash}\"}}"),
        format!(
            "{{\"leaf\":[[\"a\",\"{}\"]]}}",
            hash.to_hex().to_uppercase()
        ),
    ];
    for text in bad {
        assert!(check_node(Class::Tree, text.as_bytes()).is_err(), "{text}");
    }
    assert!(
        check_node(
            Class::Tree,
            format!("{{\"leaf\":[[\"a\",\"{hash}\"]]}}").as_bytes()
        )
        .is_ok()
    );
    assert!(check_node(Class::Layout, b"{\"leaf\":[[\"a\",[\"x\"]]]}").is_ok());
}
