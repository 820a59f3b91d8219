//! `restore REF`: brings an empty database to a snapshot. The plan from the empty catalog, in one transaction, with root and
//! layout proven; nothing is asked, since there is nothing to lose.

use super::by_plan::ByPlan;
use super::failure::Failure;
use super::host::Host;
use super::preflight;
use super::rollback::{self, Options, Preview, Target};
use super::session;
use super::transaction::Done;
use crate::catalog::{Catalog, Object};
use crate::connect::Config;
use crate::store::Store;

/// The whole procedure.
pub async fn run(
    config: &Config,
    store: &Store,
    target: &Target,
    options: &Options,
    host: &impl Host,
) -> Result<Done, Failure> {
    let mut connection = session::connect(config, host).await?;
    store.check_writable()?;
    let preview = rollback::preview(&mut connection, target, host).await?;
    refuse_unless_empty(&preview)?;
    preflight::check(&mut connection, &preview, host).await?;
    let hazards = preview.plan.hazards.clone();
    let mut way = ByPlan::<true>::new(target, hazards);
    rollback::retried(config, connection, store, options, &mut way, host).await
}

/// What `template0` has is empty: the schema `public` and the language's extension.
fn refuse_unless_empty(preview: &Preview) -> Result<(), Failure> {
    let found: Vec<String> = user_objects(&preview.present.catalog)
        .map(|object| object.id.to_string())
        .chain(
            preview
                .present
                .unmodeled
                .iter()
                .map(|found| found.object.clone()),
        )
        .collect();
    let Some(first) = found.first() else {
        return Ok(());
    };
    let more = if found.len() > 1 {
        format!(" and {} more", found.len() - 1)
    } else {
        String::new()
    };
    Err(Failure::refused(format!(
        "{} is not empty: it has {first}{more}",
        preview.present.database.name
    ))
    .state("Nothing was changed.")
    .next("Restore into a new database: createdb NAME")
    .next("Or bring this one to the snapshot, keeping rows: snapback rollback REF"))
}

fn user_objects(catalog: &Catalog) -> impl Iterator<Item = &Object> {
    const OF_TEMPLATE0: [&str; 2] = ["schema public", "extension plpgsql"];
    catalog
        .objects()
        .iter()
        .filter(|object| !OF_TEMPLATE0.contains(&object.id.to_string().as_str()))
}
