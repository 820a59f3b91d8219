//! Plans between catalogs built by hand, and the rules of order on random ones.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::catalog::kind::Body;
use crate::catalog::table::Table;
use crate::catalog::table::column::Column;
use crate::catalog::table::not_null::NotNull;
use crate::catalog::type_::domain::Domain;
use crate::catalog::type_::enum_::Enum;
use crate::catalog::view::view::View;
use crate::catalog::{Id, Meta, Object, Str, Strength, Tag};

/// A catalog in the making.
#[derive(Clone, Default)]
struct Draft {
    objects: Vec<Object>,
    edges: Vec<(Id, Id, Strength)>,
    layout: BTreeMap<Id, Vec<Str>>,
}

impl Draft {
    fn add(&mut self, id: Id, body: Body) -> Id {
        self.objects.push(Object {
            id: id.clone(),
            body,
            meta: Meta::default(),
        });
        id
    }

    fn mood(&mut self, name: &str, labels: &[&str]) -> Id {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        let id = Id::in_schema(Tag::Enum, "app", name);
        self.add(id, Body::from(Enum { labels }))
    }

    fn code(&mut self, name: &str) -> Id {
        let body = Domain {
            base: "text".to_owned(),
            ..Domain::default()
        };
        let id = Id::in_schema(Tag::Domain, "app", name);
        self.add(id, Body::from(body))
    }

    fn table(&mut self, name: &str, columns: &[(&str, &str)]) -> Id {
        let id = Id::in_schema(Tag::Table, "app", name);
        let names = columns.iter().map(|&(column, _)| column.into()).collect();
        self.layout.insert(id.clone(), names);
        for &(column, data_type) in columns {
            let body = Column {
                data_type: data_type.into(),
                ..Column::default()
            };
            self.add(Self::column(name, column), Body::from(body));
        }
        self.add(id, Body::from(Table::default()))
    }

    fn column(table: &str, column: &str) -> Id {
        Id::part(Tag::Column, "app", table, column)
    }

    fn view(&mut self, name: &str, query: &str, uses: &[&Id]) -> Id {
        let body = View {
            query: query.to_owned(),
            ..View::default()
        };
        let id = Id::in_schema(Tag::View, "app", name);
        for used in uses {
            self.uses(&id, used);
        }
        self.add(id, Body::from(body))
    }

    fn uses(&mut self, dependent: &Id, on: &Id) {
        self.edges
            .push((dependent.clone(), on.clone(), Strength::Normal));
    }

    fn done(self) -> Arc<Catalog> {
        Catalog::new(150_000, self.objects, self.edges, self.layout).into()
    }

    /// The same with everything in another order.
    fn reversed(mut self) -> Arc<Catalog> {
        self.objects.reverse();
        self.edges.reverse();
        self.done()
    }
}

fn sql(from: &Catalog, to: &Arc<Catalog>) -> Vec<String> {
    let plan = plan(from, to, &Options::default()).unwrap();
    plan.steps.into_iter().map(|step| step.sql).collect()
}

fn refusals(from: &Catalog, to: &Arc<Catalog>) -> Vec<Refusal> {
    match plan(from, to, &Options::default()) {
        Err(PlanError::Refused(refusals)) => refusals,
        other => panic!("{other:?}"),
    }
}

#[test]
fn equal_catalogs_take_no_steps() {
    let mut draft = Draft::default();
    draft.table("t", &[("a", "integer")]);
    let catalog = draft.done();
    assert!(sql(&catalog, &catalog).is_empty());
}

#[test]
fn rows_move_over_to_the_new_form_of_their_type() {
    let draft = |labels: &[&str]| {
        let mut draft = Draft::default();
        let mood = draft.mood("mood", labels);
        draft.table("t", &[("id", "integer"), ("m", "app.mood")]);
        let column = Draft::column("t", "m");
        draft.uses(&column, &mood);
        draft.view("v", " SELECT m FROM app.t;", &[&column]);
        draft.done()
    };
    let steps = sql(&draft(&["sad", "ok", "gone"]), &draft(&["sad", "ok"]));
    insta::assert_snapshot!(steps.join("\n"), @r#"
    DROP VIEW app.v
    ALTER TYPE app.mood RENAME TO snapback_old_1
    CREATE TYPE app.mood AS ENUM (
        'sad',
        'ok'
    )
    ALTER TABLE app.t ALTER COLUMN m TYPE app.mood USING m::text::app.mood
    DROP TYPE app.snapback_old_1
    CREATE VIEW app.v AS
     SELECT m FROM app.t;
    "#);
}

#[test]
fn rows_move_over_to_another_kind_of_type_with_the_name() {
    let mut old = Draft::default();
    let mood = old.mood("mood", &["sad"]);
    old.table("t", &[("m", "app.mood")]);
    old.uses(&Draft::column("t", "m"), &mood);
    let mut new = Draft::default();
    let code = new.code("mood");
    new.table("t", &[("m", "app.mood")]);
    new.uses(&Draft::column("t", "m"), &code);
    let steps = sql(&old.done(), &new.done());
    insta::assert_snapshot!(steps.join("\n"), @r#"
    ALTER TYPE app.mood RENAME TO snapback_old_1
    CREATE DOMAIN app.mood AS text
    ALTER TABLE app.t ALTER COLUMN m TYPE app.mood USING m::text::app.mood
    DROP TYPE app.snapback_old_1
    "#);
}

#[test]
fn two_types_swap_their_columns_and_change() {
    let draft = |one: &str, two: &str, is_new: bool| {
        let mut draft = Draft::default();
        let (a, b) = if is_new {
            (draft.mood("a", &["sad"]), draft.code("b"))
        } else {
            (draft.code("a"), draft.mood("b", &["sad"]))
        };
        for (table, wanted) in [("one", one), ("two", two)] {
            draft.table(table, &[("c", wanted)]);
            let used = if wanted == "app.a" { &a } else { &b };
            draft.uses(&Draft::column(table, "c"), used);
        }
        draft.done()
    };
    let steps = sql(
        &draft("app.a", "app.b", false),
        &draft("app.b", "app.a", true),
    );
    assert_eq!(steps.len(), 8, "{steps:?}");
}

#[test]
fn what_holds_rows_is_not_replaced_for_anything() {
    let draft = |partition_by: &str| {
        let mut draft = Draft::default();
        draft.table("t", &[("a", "integer")]);
        if let Some(Object {
            body: Body::Table(body),
            ..
        }) = draft.objects.last_mut()
        {
            partition_by.clone_into(&mut body.partition_by);
        }
        draft.done()
    };
    let refused = refusals(&draft(""), &draft("RANGE (a)"));
    assert_eq!(refused.len(), 1);
    let words = refused[0].to_string();
    assert!(
        words.contains("app.t") && words.contains("partition_by"),
        "{words}"
    );
}

#[test]
fn a_name_is_taken_when_it_is_free() {
    let mut old = Draft::default();
    old.table("x", &[("a", "integer")]);
    let mut new = Draft::default();
    new.table("y", &[("a", "integer")]);
    new.view("x", " SELECT a FROM app.y;", &[&Draft::column("y", "a")]);
    let steps = sql(&old.done(), &new.done());
    assert!(steps[0].starts_with("DROP TABLE app.x"), "{steps:?}");
    assert!(steps[2].contains("VIEW app.x"), "{steps:?}");
}

#[test]
fn a_view_that_changes_sides_is_made_again_when_it_must() {
    // It read a table; now it reads a view of that name, so it has to go before the table can.
    let mut old = Draft::default();
    old.table("x", &[("a", "integer")]);
    old.view("v", " SELECT a FROM app.x;", &[&Draft::column("x", "a")]);
    let mut new = Draft::default();
    let x = new.view("x", " SELECT 1 AS a;", &[]);
    new.view("v", " SELECT a FROM app.x x_1;", &[&x]);
    let steps = sql(&old.done(), &new.done());
    insta::assert_snapshot!(steps.join("\n"), @r#"
    DROP VIEW app.v
    DROP TABLE app.x
    CREATE VIEW app.x AS
     SELECT 1 AS a;
    CREATE VIEW app.v AS
     SELECT a FROM app.x x_1;
    "#);
}

#[test]
fn a_plan_says_what_it_costs() {
    let mut old = Draft::default();
    old.table("t", &[("a", "integer"), ("b", "integer")]);
    old.table("gone", &[("a", "integer")]);
    let mut new = Draft::default();
    new.table("t", &[("a", "bigint")]);
    let plan = plan(&old.done(), &new.done(), &Options::default()).unwrap();
    let lines: Vec<String> = plan
        .hazards
        .iter()
        .map(|hazard| format!("{}: {}", hazard.code, hazard.text))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    data-loss: all rows of table app.gone are destroyed
    data-loss: all values of table column app.t.b are destroyed
    rewrite: table app.t is written anew, in time and space that grow with the rows
    lock: table app.gone is locked in ACCESS EXCLUSIVE mode until COMMIT: who reads or writes it waits
    lock: table app.t is locked in ACCESS EXCLUSIVE mode until COMMIT: who reads or writes it waits
    "#);
    let frame = Frame {
        heading: "from here to there",
        settings: &[("lock_timeout", "5s")],
        before: &["SELECT 'first'".to_owned()],
        after: &["SELECT 'last'".to_owned()],
    };
    insta::assert_snapshot!(script(&plan, &frame), @r#"
    -- from here to there
    -- data-loss: all rows of table app.gone are destroyed
    -- data-loss: all values of table column app.t.b are destroyed
    -- rewrite: table app.t is written anew, in time and space that grow with the rows
    -- lock: table app.gone is locked in ACCESS EXCLUSIVE mode until COMMIT: who reads or writes it waits
    -- lock: table app.t is locked in ACCESS EXCLUSIVE mode until COMMIT: who reads or writes it waits

    BEGIN;
    SET LOCAL lock_timeout = '5s';

    SELECT 'first';
    DROP TABLE app.gone;
    ALTER TABLE app.t DROP COLUMN b;
    ALTER TABLE app.t ALTER COLUMN a TYPE bigint;
    SELECT 'last';

    COMMIT;
    "#);
}

#[test]
fn what_is_made_in_a_table_costs_those_who_use_it() {
    let draft = |columns: &[(&str, &str)]| {
        let mut draft = Draft::default();
        draft.table("t", columns);
        draft.done()
    };
    let mut new = Draft::default();
    new.table("t", &[("a", "integer"), ("b", "integer")]);
    for object in &mut new.objects {
        if let (Body::Column(column), "b") = (&mut object.body, &*object.id.name) {
            column.not_null = Some(NotNull::default());
        }
    }
    let new = new.done();
    let codes = |old: &Catalog| -> Vec<Code> {
        let plan = plan(old, &new, &Options::default()).unwrap();
        plan.hazards.iter().map(|hazard| hazard.code).collect()
    };
    assert_eq!(
        codes(&draft(&[("a", "integer")])),
        [Code::Unfilled, Code::Scan, Code::Lock]
    );
    assert!(codes(&Draft::default().done()).is_empty());
}

#[test]
fn the_size_of_a_schema_costs_time_in_proportion() {
    let size = 10_000;
    let mut draft = Draft::default();
    for number in 0..size {
        let name = format!("t{number}");
        draft.table(&name, &[("a", "integer"), ("b", "text")]);
        let column = Draft::column(&name, "a");
        draft.view(&format!("v{number}"), " SELECT a;", &[&column]);
    }
    let catalog = draft.done();
    let empty = Draft::default().done();
    // A quadratic plan would not end within this test's patience.
    assert_eq!(sql(&empty, &catalog).len(), 2 * size);
    assert_eq!(sql(&catalog, &empty).len(), 2 * size);
}

/// A random schema: types, tables with columns of them, views on columns and on other views.
#[derive(Clone, Debug)]
struct Sketch {
    labels: Vec<u8>,
    tables: Vec<Option<Vec<u8>>>,
    views: Vec<Option<(u8, Vec<u8>)>>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let column = 0..6_u8;
    let table = prop::option::of(prop::collection::vec(column, 0..3));
    let view = prop::option::of((0..3_u8, prop::collection::vec(0..16_u8, 0..3)));
    (
        prop::collection::vec(0..4_u8, 3),
        prop::collection::vec(table, 4),
        prop::collection::vec(view, 5),
    )
        .prop_map(|(labels, tables, views)| Sketch {
            labels,
            tables,
            views,
        })
}

fn draft(sketch: &Sketch) -> Draft {
    let mut draft = Draft::default();
    let labels = ["a", "b", "c", "d"];
    let moods: Vec<Id> = sketch
        .labels
        .iter()
        .zip(["m0", "m1", "m2"])
        .map(|(&count, name)| match count {
            0 => draft.code(name),
            _ => draft.mood(name, &labels[..usize::from(count)]),
        })
        .collect();
    let mut readable: Vec<Id> = Vec::new();
    for (place, columns) in sketch.tables.iter().enumerate() {
        let Some(columns) = columns else { continue };
        let name = format!("t{place}");
        let types: Vec<(String, Option<&Id>)> = columns
            .iter()
            .map(|&choice| match moods.get(usize::from(choice)) {
                Some(mood) => (mood.sql(), Some(mood)),
                None => ("integer".to_owned(), None),
            })
            .collect();
        let names: Vec<String> = (0..types.len()).map(|place| format!("c{place}")).collect();
        let list: Vec<(&str, &str)> = names
            .iter()
            .zip(&types)
            .map(|(name, (data_type, _))| (name.as_str(), data_type.as_str()))
            .collect();
        draft.table(&name, &list);
        for (column, (_, mood)) in names.iter().zip(&types) {
            let column = Draft::column(&name, column);
            if let Some(mood) = mood {
                draft.uses(&column, mood);
            }
            readable.push(column);
        }
    }
    for (place, view) in sketch.views.iter().enumerate() {
        let Some((version, reads)) = view else {
            continue;
        };
        // Some views take the name of a table that is not there.
        let name = match sketch.tables.get(place) {
            Some(None) if *version == 2 => format!("t{place}"),
            _ => format!("v{place}"),
        };
        let used: BTreeSet<&Id> = reads
            .iter()
            .filter_map(|&read| readable.get(usize::from(read) % readable.len().max(1)))
            .collect();
        let used: Vec<Id> = used.into_iter().cloned().collect();
        let used: Vec<&Id> = used.iter().collect();
        let query = format!(" SELECT {version}, {used:?};");
        let id = draft.view(&name, &query, &used);
        readable.push(id);
    }
    draft
}

/// Plays steps the way a server would take them: what is dropped is in nobody's way, what is made finds what
/// it needs and its name free.
fn play(from: &Catalog, to: &Catalog, steps: &[Step]) -> Result<(), String> {
    let mut present: BTreeMap<Id, bool> = from
        .objects()
        .iter()
        .map(|object| (object.id.clone(), false))
        .collect();
    // Old forms under a temporary name.
    let mut aside: BTreeSet<Id> = BTreeSet::new();
    for step in steps {
        if step.sql.contains("RENAME TO snapback_old_") {
            present.remove(&step.subject);
            aside.insert(step.subject.clone());
            continue;
        }
        let new = |present: &BTreeMap<Id, bool>, id: &Id| match present.get(id) {
            Some(true) => true,
            Some(false) => {
                from.get(id).map(|object| &object.body) == to.get(id).map(|object| &object.body)
            }
            None => false,
        };
        let is_alter = step.makes.is_empty() && step.frees.is_empty();
        if is_alter && to.has(&step.subject) && present.contains_key(&step.subject) {
            present.insert(step.subject.clone(), true);
        }
        for freed in &step.frees {
            let in_the_way = from.all_edges().find(|(user, edge)| {
                *edge.to == *freed
                    && present.get(*user) == Some(&false)
                    && !step.frees.contains(user)
            });
            if let Some((user, _)) = in_the_way {
                return Err(format!("{}: {user} is in the way", step.sql));
            }
            if !aside.remove(freed) {
                present.remove(freed);
            }
        }
        for made in &step.makes {
            let taken = present
                .keys()
                .find(|other| !other.is_part() && !made.is_part() && other.name == made.name);
            if let Some(other) = taken {
                return Err(format!("{}: {other} has the name", step.sql));
            }
            let missing = to
                .edges(made)
                .find(|edge| !step.makes.contains(edge.to) && !new(&present, edge.to));
            if let Some(edge) = missing {
                return Err(format!("{}: {} is not there", step.sql, edge.to));
            }
        }
        for made in &step.makes {
            present.insert(made.clone(), true);
        }
    }
    let reached: Vec<&Id> = present.keys().collect();
    let wanted: Vec<&Id> = to.objects().iter().map(|object| &object.id).collect();
    if reached == wanted {
        Ok(())
    } else {
        Err(format!("reached {reached:?}, not {wanted:?}"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_plan_can_be_played(from in sketch(), to in sketch()) {
        let (old, new) = (draft(&from), draft(&to));
        let (from, to) = (old.clone().done(), new.clone().done());
        let steps = match plan(&from, &to, &Options::default()) {
            Ok(plan) => plan.steps,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        if let Err(error) = play(&from, &to, &steps) {
            let list: Vec<&str> = steps.iter().map(|step| step.sql.as_str()).collect();
            return Err(TestCaseError::fail(format!("{error}\n{}", list.join("\n"))));
        }
        let again = plan(&old.reversed(), &new.reversed(), &Options::default());
        prop_assert_eq!(again.unwrap().steps, steps);
    }
}
