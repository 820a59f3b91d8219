//! `snapback snapshot [LABEL]`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Report, style};
use super::text;
use crate::catalog::scope::Scope;
use crate::procedure::failure::Failure;
use crate::procedure::profile::Profile;
use crate::procedure::{session, snapshot};
use crate::store::{Manifest, Store};

/// Read the schema into the store
///
/// Takes no table lock. The first snapshot creates the store.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name for it: letters, digits, `.`, `_`, `-`
    pub label: Option<String>,
    /// Take the label away from the snapshot that has it
    #[arg(long = "move", requires = "label")]
    pub move_label: bool,
    /// Only these schemas; `*` and `?` match as in a shell
    #[arg(short = 'n', long, value_name = "PATTERN")]
    pub schema: Vec<String>,
    /// Not these schemas
    #[arg(short = 'N', long, value_name = "PATTERN")]
    pub exclude_schema: Vec<String>,
    /// Leave out what a managed service keeps in the database [default: that of --env, else none]
    #[arg(long, value_enum)]
    pub profile: Option<ProfileName>,
    /// Keep passwords and other secrets of user mappings, foreign servers and subscriptions in the store, too
    #[arg(long)]
    pub include_secrets: bool,
    /// Fail if the database has objects that this version does not model
    #[arg(long)]
    pub strict: bool,
}

/// `--profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ProfileName {
    /// Schemas, extensions and objects of Supabase
    Supabase,
    /// Objects of Amazon RDS and Aurora
    Rds,
    /// Nothing
    None,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Supabase => Self::Supabase,
            ProfileName::Rds => Self::Rds,
            ProfileName::None => Self::None,
        }
    }
}

#[derive(Debug, Serialize)]
struct Taken {
    id: String,
    label: Option<String>,
    root: String,
    layout: String,
    database: String,
    server: String,
    objects: BTreeMap<String, u64>,
    new_blobs: u64,
    new_bytes: u64,
    unmodeled: Vec<String>,
    invalid_indexes: Vec<String>,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "reading");
    let environment = context.environment()?;
    let mut exclude = args.exclude_schema;
    exclude.extend(environment.exclude_schemas);
    let mut scope = Scope {
        include: args.schema,
        exclude,
        exclude_roles: Vec::new(),
    };
    let profile = args.profile.or(environment.profile);
    profile
        .map_or(Profile::None, Profile::from)
        .narrow(&mut scope);
    let request = snapshot::Request {
        label: args.label,
        move_label: args.move_label,
        scope,
        secrets: args.include_secrets,
        strict: args.strict,
    };
    let (mut connection, mut beside) = session::connect_twice(&context.database()?, &host).await?;
    let store = Store::create_or_open(&context.store())?;
    let taken = snapshot::take(&mut connection, beside.as_mut(), &store, &request, &host);
    let written = taken.await?;
    let Manifest {
        meta, root, layout, ..
    } = written.manifest;
    if meta.counts.is_empty() && !meta.scope.schemas.is_empty() {
        let schemas = meta.scope.schemas.join(", ");
        context.output.warn(format!(
            "no schema is called {schemas}: the snapshot is empty"
        ));
    }
    for index in &meta.invalid_indexes {
        context.output.warn(format!(
            "index {index} is invalid and not part of the snapshot"
        ));
    }
    for object in &meta.unmodeled {
        context.output.warn(format!(
            "not modelled by this version, and not in the snapshot: {object}"
        ));
    }
    for id in meta.redacted.iter().filter(|id| !meta.secrets.has(id)) {
        context
            .output
            .warn(format!("{id} has a secret, which is not in the snapshot"));
    }
    if !meta.secrets.is_empty() {
        let words = "secrets are in the store now: whoever can read it can read them";
        context.output.warn(words);
    }
    let server = connection.server().parameter("server_version");
    context.output.report(&Taken {
        id: written.id.to_string(),
        label: request.label,
        root: root.to_string(),
        layout: layout.to_string(),
        database: meta.database.name,
        server: server.unwrap_or_default().to_owned(),
        objects: meta.counts,
        new_blobs: written.added.blobs,
        new_bytes: written.added.bytes,
        unmodeled: meta.unmodeled,
        invalid_indexes: meta.invalid_indexes,
    })?;
    Ok(Exit::Done)
}

impl Report for Taken {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let strong = style::STRONG;
        let label = self
            .label
            .as_ref()
            .map_or_else(String::new, |label| format!(" {label}"));
        writeln!(
            out,
            "{strong}snapshot {}{label}{strong:#} of {}",
            short(&self.id),
            self.database
        )?;
        writeln!(out, "  root    {}", short(&self.root))?;
        let total: u64 = self.objects.values().sum();
        let kinds: Vec<String> = self
            .objects
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        writeln!(
            out,
            "  objects {} ({})",
            text::grouped(total),
            kinds.join(", ")
        )?;
        match self.new_blobs {
            0 => writeln!(
                out,
                "  new     nothing: the store has seen this schema before"
            ),
            blobs => writeln!(
                out,
                "  new     {}, {}",
                text::count(blobs, "blob", "blobs"),
                text::size(self.new_bytes)
            ),
        }
    }
}

/// The first 12 hex digits: enough to name a snapshot.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
