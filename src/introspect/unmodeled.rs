//! What no kind claimed: nothing is left out of a snapshot in silence.
//!
//! Counts every user object of every catalog; one that is in scope and neither claimed by a kind, nor stands
//! for something that is, nor belongs to an extension, is named in the words of `pg_describe_object()`.

use crate::catalog::address::Key;

/// All user objects but relations and types, which are read for their names, and defaults, which stand for their columns: a
/// row for each catalog, schema (0 for objects that have none or have a relation), and whether they hold a whole query, with
/// the OID of each object and that of its relation (0 when it has none). What is derived from another object in ways that
/// `pg_depend` does not say (partition clones of triggers) is left to that object; so are the triggers by which the server does
/// foreign keys, unless somebody disabled one: that is no property of anything here. A member of a family is the family's, but
/// for those that a user put into one of the server's own. Large objects are rows, and so are their owners and grants.
pub(super) const QUERY: &str = "\
SELECT class, schema, holds_query, array_agg(oid) AS oids, array_agg(relation) AS relations FROM (\
SELECT 1255 AS class, oid, pronamespace AS schema, 0 AS relation, prolang = 14 AND prosrc = '' AS holds_query FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 2606, oid, CASE WHEN conrelid = 0 THEN connamespace ELSE 0 END, conrelid, false FROM pg_constraint WHERE oid >= 16384 AND contype NOT IN ('n', 't') AND (contype <> 'f' OR conparentid = 0)
UNION ALL SELECT 2618, oid, 0, ev_class, true FROM pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN'
UNION ALL SELECT 2620, oid, 0, tgrelid, false FROM pg_trigger WHERE oid >= 16384 AND CASE WHEN NOT tgisinternal THEN tgparentid = 0 \
ELSE tgenabled <> 'O' AND (tgparentid = 0 OR EXISTS (SELECT FROM pg_constraint k WHERE k.oid = tgconstraint AND k.contype <> 't')) END
UNION ALL SELECT 3256, oid, 0, polrelid, strpos(concat(polqual, polwithcheck), '{SUBLINK ') > 0 FROM pg_policy WHERE oid >= 16384
UNION ALL SELECT 2617, oid, oprnamespace, 0, false FROM pg_operator WHERE oid >= 16384
UNION ALL SELECT 2616, oid, opcnamespace, 0, false FROM pg_opclass WHERE oid >= 16384
UNION ALL SELECT 2753, oid, opfnamespace, 0, false FROM pg_opfamily WHERE oid >= 16384
UNION ALL SELECT 2602, a.oid, 0, 0, false FROM pg_amop a WHERE a.oid >= 16384 AND a.amopfamily < 16384 AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 2617 AND objid = a.amopopr AND deptype = 'e')
UNION ALL SELECT 2603, a.oid, 0, 0, false FROM pg_amproc a WHERE a.oid >= 16384 AND a.amprocfamily < 16384 AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 1255 AND objid = a.amproc::oid AND deptype = 'e')
UNION ALL SELECT 2605, oid, 0, 0, false FROM pg_cast WHERE oid >= 16384
UNION ALL SELECT 3456, oid, collnamespace, 0, false FROM pg_collation WHERE oid >= 16384
UNION ALL SELECT 2607, oid, connamespace, 0, false FROM pg_conversion WHERE oid >= 16384
UNION ALL SELECT 2601, oid, 0, 0, false FROM pg_am WHERE oid >= 16384
UNION ALL SELECT 2612, oid, 0, 0, false FROM pg_language WHERE oid >= 16384
UNION ALL SELECT 3576, oid, 0, 0, false FROM pg_transform WHERE oid >= 16384
UNION ALL SELECT 3600, oid, dictnamespace, 0, false FROM pg_ts_dict WHERE oid >= 16384
UNION ALL SELECT 3601, oid, prsnamespace, 0, false FROM pg_ts_parser WHERE oid >= 16384
UNION ALL SELECT 3602, oid, cfgnamespace, 0, false FROM pg_ts_config WHERE oid >= 16384
UNION ALL SELECT 3764, oid, tmplnamespace, 0, false FROM pg_ts_template WHERE oid >= 16384
UNION ALL SELECT 3381, oid, stxnamespace, 0, false FROM pg_statistic_ext WHERE oid >= 16384
UNION ALL SELECT 3466, oid, 0, 0, false FROM pg_event_trigger WHERE oid >= 16384
UNION ALL SELECT 6104, oid, 0, 0, false FROM pg_publication WHERE oid >= 16384
UNION ALL SELECT 2328, oid, 0, 0, false FROM pg_foreign_data_wrapper WHERE oid >= 16384
UNION ALL SELECT 1417, oid, 0, 0, false FROM pg_foreign_server WHERE oid >= 16384
UNION ALL SELECT 1418, umid, 0, 0, false FROM pg_user_mappings WHERE umid >= 16384
UNION ALL SELECT 826, oid, defaclnamespace, 0, false FROM pg_default_acl WHERE oid >= 16384
UNION ALL SELECT 3079, oid, extnamespace, 0, false FROM pg_extension WHERE oid >= 16384) o GROUP BY class, schema, holds_query";

/// The query that names these objects, in their order.
pub(super) fn describe(keys: &[Key]) -> String {
    let list: Vec<String> = keys
        .iter()
        .enumerate()
        .map(|(place, key)| format!("({place}, {}, {})", key.class.0, key.oid))
        .collect();
    format!(
        "SELECT i.type || ' ' || i.identity AS object FROM (VALUES {}) AS k (place, class, oid) \
         LEFT JOIN LATERAL pg_identify_object(k.class::oid, k.oid::oid, 0) AS i ON true ORDER BY k.place",
        list.join(", ")
    )
}
