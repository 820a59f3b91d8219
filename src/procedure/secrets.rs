//! `snapshot --include-secrets`: the secrets that a reading leaves out, read by themselves, for a restore to put back.
//!
//! They are outside the root and no part of the model, so nothing that compares or prints a schema can show one.

use super::failure::Failure;
use crate::catalog::row::array;
use crate::catalog::secret::Secrets;
use crate::connect::Connection;

/// Objects as `pg_identify_object()` names them, and their options. Columns are called alike in all tables.
const OPTIONS: &str = "SELECT format('%s %s', pg_catalog.replace(o.type, 'foreign table column', 'table column'), o.identity), \
     s.options FROM ( \
     SELECT 1418::oid AS class, umid AS oid, 0 AS sub, umoptions AS options FROM pg_catalog.pg_user_mappings \
     UNION ALL SELECT 1417, oid, 0, srvoptions FROM pg_catalog.pg_foreign_server \
     UNION ALL SELECT 2328, oid, 0, fdwoptions FROM pg_catalog.pg_foreign_data_wrapper \
     UNION ALL SELECT 1259, ftrelid, 0, ftoptions FROM pg_catalog.pg_foreign_table \
     UNION ALL SELECT 1259, attrelid, attnum, attfdwoptions FROM pg_catalog.pg_attribute) s \
     CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.class, s.oid, s.sub) o WHERE s.options IS NOT NULL";

/// Only a superuser may read it; it is asked only where there is a subscription with a secret.
const CONNECTIONS: &str = "SELECT format('subscription %I', subname), ARRAY['CONNECTION=' || subconninfo] \
     FROM pg_catalog.pg_subscription \
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())";

/// The secrets of the objects of a catalog.
pub(super) async fn read(
    connection: &mut Connection,
    redacted: &[String],
) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    let subscriptions = redacted.iter().any(|id| id.starts_with("subscription "));
    for sql in [Some(OPTIONS), subscriptions.then_some(CONNECTIONS)]
        .into_iter()
        .flatten()
    {
        for row in connection.query(sql, &[]).await? {
            let (Some(object), Some(options)) = (row.get(0), row.get(1).and_then(array)) else {
                continue;
            };
            if redacted.iter().any(|id| id == object) {
                secrets.add(object, options.into_iter().flatten());
            }
        }
    }
    Ok(secrets)
}
