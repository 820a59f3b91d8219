//! `restore REF`: brings an empty database to a snapshot. The plan from the empty catalog, in one transaction, with root and
//! layout proven; nothing is asked, since there is nothing to lose. In several transactions: `batch`.

use std::num::NonZeroUsize;

use super::batch;
use super::beside;
use super::by_plan::ByPlan;
use super::failure::Failure;
use super::host::Host;
use super::preflight;
use super::rollback::{self, Options, Preview, Target};
use super::session;
use super::transaction::Done;
use crate::catalog::Object;
use crate::connect::Config;
use crate::store::Store;

/// What helps when one transaction is too large.
const IN_BATCHES: &str = "Or restore in several transactions: snapback restore REF --batch 1000";

/// The whole procedure; with `batch`, in transactions of about so many statements.
pub async fn run(
    config: &Config,
    store: &Store,
    target: &Target,
    batch: Option<NonZeroUsize>,
    options: &Options,
    host: &impl Host,
) -> Result<Done, Failure> {
    let mut connection = session::connect(config, host).await?;
    store.check_writable()?;
    if let Some(size) = batch {
        return batch::run(config, connection, store, target, size, options, host).await;
    }
    let preview = rollback::preview(&mut connection, target, host).await?;
    refuse_unless_empty(&preview)?;
    beside::tell(target, &preview.present, host);
    let missing = options.missing_roles;
    let new_roles = preflight::check(&mut connection, target, &preview, missing, host).await?;
    let needed = preflight::lock_slots(&preview);
    preflight::lock_budget(&mut connection, needed, Some(IN_BATCHES)).await?;
    let hazards = preview.plan.hazards.clone();
    let mut way = ByPlan::<true>::new(target, hazards, preview);
    way.new_roles = new_roles;
    rollback::retried(config, connection, store, options, &mut way, host).await
}

fn refuse_unless_empty(preview: &Preview) -> Result<(), Failure> {
    refuse_what_is_there(
        preview,
        user_objects(preview).map(|object| object.id.to_string()),
    )
}

/// Nothing of this may be there, nor anything that no kind models.
pub(super) fn refuse_what_is_there(
    preview: &Preview,
    found: impl Iterator<Item = String>,
) -> Result<(), Failure> {
    let unmodeled = preview.present.unmodeled.iter();
    let found: Vec<String> = found
        .chain(unmodeled.map(|found| found.object.clone()))
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

/// What `template0` has is empty: the schema `public` and the language's extension.
pub(super) fn user_objects(preview: &Preview) -> impl Iterator<Item = &Object> {
    const OF_TEMPLATE0: [&str; 2] = ["schema public", "extension plpgsql"];
    let objects = preview.present.catalog.objects().iter();
    objects.filter(|object| !OF_TEMPLATE0.contains(&object.id.to_string().as_str()))
}
