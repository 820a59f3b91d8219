//! What a plan says that it costs, against what it cost: locks that others wait for, and tables written anew.

use std::collections::{BTreeMap, BTreeSet};

use snapback::catalog::{Catalog, Step};
use snapback::connect::{Connection, Row};
use snapback::plan::{Code, Hazard, Plan};

/// The modes in which a lock makes others wait, weakest first: as `pg_locks` and as a hazard names them.
const MODES: [(&str, &str); 3] = [
    ("ShareLock", " SHARE mode"),
    ("ShareRowExclusiveLock", " SHARE ROW EXCLUSIVE mode"),
    ("AccessExclusiveLock", " ACCESS EXCLUSIVE mode"),
];

/// What was announced of the relations that were there before.
pub(super) struct Announced {
    /// Of each by its OID, its name and its file.
    before: BTreeMap<String, (String, String)>,
    rewritten: BTreeSet<String>,
    /// Whether a step may cost less than what is announced.
    is_cautious: bool,
    /// The place of the strongest mode in [`MODES`].
    locked: BTreeMap<String, usize>,
}

impl Announced {
    pub(super) async fn of(
        plan: &Plan,
        from: &Catalog,
        connection: &mut Connection,
    ) -> Result<Self, String> {
        let mut announced = Self {
            before: relations(connection).await?,
            rewritten: BTreeSet::new(),
            is_cautious: plan.steps.iter().any(is_cautious),
            locked: BTreeMap::new(),
        };
        for hazard in &plan.hazards {
            match hazard.code {
                Code::Rewrite => announced
                    .rewritten
                    .extend(reached(hazard, from, connection).await?),
                Code::Lock => {
                    let mode = MODES
                        .iter()
                        .position(|(_, said)| hazard.text.contains(said));
                    let mode = mode.ok_or_else(|| format!("no lock mode in {}", hazard.text))?;
                    for oid in reached(hazard, from, connection).await? {
                        let locked = announced.locked.entry(oid).or_default();
                        *locked = mode.max(*locked);
                    }
                }
                _ => {}
            }
        }
        Ok(announced)
    }

    /// What this transaction has locked in another way than the plan says, in words.
    pub(super) async fn locks_not_said(
        &self,
        connection: &mut Connection,
    ) -> Result<Vec<String>, String> {
        let sql = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'";
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for row in ask(connection, sql, &[]).await? {
            let mode = MODES.iter().position(|(taken, _)| *taken == text(&row, 1));
            if let Some(mode) = mode {
                let locked = taken.entry(text(&row, 0)).or_default();
                *locked = mode.max(*locked);
            }
        }
        let name = |mode: Option<&usize>| mode.map_or("no lock", |mode| MODES[*mode].0);
        let unlike = self.before.iter().filter_map(|(oid, (relation, _))| {
            let (taken, said) = (taken.get(oid), self.locked.get(oid));
            (taken != said).then(|| {
                format!(
                    "{relation}: {} was taken, {} announced",
                    name(taken),
                    name(said)
                )
            })
        });
        Ok(unlike.collect())
    }

    /// The tables of which the plan does not say what became of their files, in words.
    pub(super) async fn rewrites_not_said(
        &self,
        connection: &mut Connection,
    ) -> Result<Vec<String>, String> {
        let now = relations(connection).await?;
        let unlike = self.before.iter().filter_map(|(oid, (relation, file))| {
            let anew = now.get(oid).is_some_and(|(_, now)| now != file);
            let said = self.rewritten.contains(oid) && now.contains_key(oid);
            let is_told = anew == said || (said && self.is_cautious);
            (file != "0" && !is_told)
                .then(|| format!("{relation}: written anew: {anew}, announced: {said}"))
        });
        Ok(unlike.collect())
    }
}

/// The server looks into functions in SQL, and may see that the one of a default is not volatile, as it says. What is under a
/// domain that the target does not have is not known to those who announce.
fn is_cautious(step: &Step) -> bool {
    (step.rewrites && step.sql.contains(" ADD COLUMN ")) || step.sql.starts_with("DROP DOMAIN ")
}

/// The relations that others can name, by OID, with their names and their files; not those of extensions.
async fn relations(
    connection: &mut Connection,
) -> Result<BTreeMap<String, (String, String)>, String> {
    let sql = "SELECT oid, oid::regclass, relfilenode FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND oid >= 16384 \
               AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')";
    let rows = ask(connection, sql, &[]).await?;
    let named = rows
        .iter()
        .map(|row| (text(row, 0), (text(row, 1), text(row, 2))));
    Ok(named.collect())
}

/// The OIDs of the relations that a hazard speaks of.
async fn reached(
    hazard: &Hazard,
    from: &Catalog,
    connection: &mut Connection,
) -> Result<BTreeSet<String>, String> {
    let Some(root) = from.root_of(&hazard.id) else {
        return Ok(BTreeSet::new());
    };
    let below = if hazard.text.contains(" below ") {
        "UNION SELECT i.inhrelid FROM pg_inherits i JOIN t ON t.oid = i.inhparent"
    } else {
        ""
    };
    let sql = format!(
        "WITH RECURSIVE t (oid) AS (SELECT to_regclass($1)::oid {below}) SELECT oid FROM t"
    );
    let rows = ask(connection, &sql, &[Some(&root.id.sql())]).await?;
    Ok(rows.iter().map(|row| text(row, 0)).collect())
}

async fn ask(
    connection: &mut Connection,
    sql: &str,
    parameters: &[Option<&str>],
) -> Result<Vec<Row>, String> {
    let rows = connection.query(sql, parameters).await;
    rows.map_err(|error| format!("{sql}: {error}"))
}

fn text(row: &Row, column: usize) -> String {
    row.get(column).unwrap_or_default().to_owned()
}
