//! What is outside the scope of a snapshot and uses what a plan drops, or wants out of its way: refused before the start. The
//! server would stop at most of it halfway, and would drop the rest along in silence (a table from a publication),
//! where no proof could see it.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::catalog::id::Family;
use crate::catalog::quote::literal;
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id};
use crate::connect::Connection;
use crate::plan::Plan;

/// What uses something of these names that is in another schema, or in none: what is used and the table that it is a part of,
/// what uses it, and the schema of that. Parts stand for what they are parts of, where they have no name of their own
/// that anybody knows, and types of rows and arrays for what they are of.
fn users(names: &BTreeSet<(&str, &str)>) -> String {
    let names = names.iter();
    let names = names.map(|(schema, name)| format!("({}, {})", literal(schema), literal(name)));
    let names: Vec<String> = names.collect();
    format!(
        "WITH named (space, name) AS (SELECT n.oid, v.name FROM (VALUES {}) v (schema, name) JOIN pg_namespace n ON n.nspname = v.schema), \
         gone AS (SELECT o.oid, o.space FROM (SELECT oid, relnamespace AS space, relname AS name FROM pg_class \
             UNION ALL SELECT oid, typnamespace, typname FROM pg_type UNION ALL SELECT oid, pronamespace, proname FROM pg_proc \
             UNION ALL SELECT oid, oprnamespace, oprname FROM pg_operator UNION ALL SELECT oid, collnamespace, collname FROM pg_collation \
             UNION ALL SELECT oid, cfgnamespace, cfgname FROM pg_ts_config UNION ALL SELECT oid, dictnamespace, dictname FROM pg_ts_dict \
             UNION ALL SELECT oid, oid, nspname FROM pg_namespace) o JOIN named USING (space, name)), \
         reached AS (SELECT oid, space FROM gone UNION SELECT t.typarray, g.space FROM pg_type t JOIN gone g USING (oid) WHERE t.typarray <> 0), \
         found AS (SELECT g.space, d.refobjsubid, \
             CASE WHEN r.typrelid <> 0 AND k.relkind <> 'c' THEN 1259 ELSE d.refclassid END AS refclassid, \
             CASE WHEN r.typrelid <> 0 AND k.relkind <> 'c' THEN r.typrelid ELSE coalesce(r.oid, d.refobjid) END AS refobjid, \
             CASE WHEN coalesce(ad.adrelid, nullif(co.conrelid, 0), rw.ev_class, tg.tgrelid, po.polrelid) IS NOT NULL THEN 1259 \
                 WHEN co.contypid <> 0 THEN 1247 WHEN pr.prpubid IS NOT NULL THEN 6104 ELSE d.classid END AS classid, \
             coalesce(ad.adrelid, nullif(co.conrelid, 0), rw.ev_class, tg.tgrelid, po.polrelid, nullif(co.contypid, 0), pr.prpubid, d.objid) AS objid \
             FROM pg_depend d JOIN reached g ON g.oid = d.refobjid \
             LEFT JOIN pg_type e ON d.refclassid = 1247 AND e.typarray = d.refobjid \
             LEFT JOIN pg_type r ON d.refclassid = 1247 AND r.oid = coalesce(e.oid, d.refobjid) LEFT JOIN pg_class k ON k.oid = r.typrelid \
             LEFT JOIN pg_attrdef ad ON d.classid = 2604 AND ad.oid = d.objid \
             LEFT JOIN pg_constraint co ON d.classid = 2606 AND co.oid = d.objid \
             LEFT JOIN pg_rewrite rw ON d.classid = 2618 AND rw.oid = d.objid \
             LEFT JOIN pg_trigger tg ON d.classid = 2620 AND tg.oid = d.objid \
             LEFT JOIN pg_policy po ON d.classid = 3256 AND po.oid = d.objid \
             LEFT JOIN pg_publication_rel pr ON d.classid = 6106 AND pr.oid = d.objid \
             WHERE d.deptype IN ('n', 'a')), \
         across AS (SELECT DISTINCT f.* FROM found f LEFT JOIN pg_class c ON f.classid = 1259 AND c.oid = f.objid \
             LEFT JOIN pg_type t ON f.classid = 1247 AND t.oid = f.objid LEFT JOIN pg_proc p ON f.classid = 1255 AND p.oid = f.objid \
             WHERE coalesce(c.relnamespace, t.typnamespace, p.pronamespace) IS DISTINCT FROM f.space) \
         SELECT used.type || ' ' || used.identity, whole.type || ' ' || whole.identity, by.type || ' ' || by.identity, by.schema \
         FROM across a, pg_identify_object(a.refclassid, a.refobjid, a.refobjsubid) used, pg_identify_object(a.refclassid, a.refobjid, 0) whole, \
             pg_identify_object(a.classid, a.objid, 0) by",
        names.join(", ")
    )
}

/// Refuses a plan that would reach beyond the scope.
pub(super) async fn is_left_alone(
    connection: &mut Connection,
    scope: &Scope,
    present: &Catalog,
    plan: &Plan,
) -> Result<(), Failure> {
    if scope.is_whole() {
        return Ok(());
    }
    let out_of_the_way = plan.steps.iter().filter(|step| step.displaces);
    let subjects = out_of_the_way.map(|step| &step.subject);
    let freed = plan.steps.iter().flat_map(|step| &step.frees);
    let gone: BTreeSet<&Id> = freed.chain(subjects).filter(|id| present.has(id)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let names = gone.iter().map(|id| match id.kind.family() {
        Family::Schema => (&*id.name, &*id.name),
        _ if id.is_part() => (&*id.schema, &*id.on),
        _ => (&*id.schema, &*id.name),
    });
    let rows = connection.query(&users(&names.collect()), &[]).await?;
    let gone: BTreeSet<String> = gone.iter().map(ToString::to_string).collect();
    let mut found = BTreeSet::new();
    for row in &rows {
        let text = |column| row.get(column).unwrap_or_default();
        let covered = row
            .get(3)
            .map_or_else(|| scope.covers_database(), |schema| scope.covers(schema));
        if !covered && (gone.contains(text(0)) || gone.contains(text(1))) {
            found.insert(format!("{} uses {}", text(2), text(0)));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = found.into_iter().collect();
    Err(Failure::refused(format!(
        "what is outside the scope of the target uses what has to be dropped or altered: {}",
        found.join("; ")
    ))
    .state("Nothing was changed.")
    .next("Take that use away first, or go to a snapshot whose scope covers both."))
}
