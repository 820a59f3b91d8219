//! `snapback show REF [OBJECT..]`: the canonical SQL of a snapshot or of objects in it.

use std::io::{self, Write};

use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Report, style};
use crate::catalog::Id;
use crate::procedure::compare::{self, Place, Sources};
use crate::procedure::failure::Failure;
use crate::render;
use crate::store::Store;

/// Print the SQL of a snapshot, or of objects in it
///
/// The SQL is canonical: the same for the same schema. It is for reading; `restore` makes a schema of a
/// snapshot.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A snapshot, or `db` for the database as it is now
    #[arg(value_name = "REF")]
    pub place: String,
    /// Only these: `table public.users`, `function public.f(integer)`, or a name alone when it is clear
    #[arg(value_name = "OBJECT")]
    pub objects: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Object {
    id: String,
    sql: String,
}

#[derive(Debug, Serialize)]
struct ShowReport {
    given: String,
    described: String,
    /// What makes the database itself, without its schema.
    database: Vec<String>,
    objects: Vec<Object>,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "reading");
    let place = Place::parse(&args.place)?;
    let config = if place == Place::Live || context.names_database() {
        Some(context.database()?)
    } else {
        None
    };
    let store = match place {
        Place::Live => None,
        Place::Stored(_) => Some(Store::open(&context.store())?),
    };
    let sources = Sources {
        config: config.as_ref(),
        store: store.as_ref(),
        host: &host,
    };
    let side = sources.one(&place).await?;
    let ids: Vec<&Id> = if args.objects.is_empty() {
        render::roots(&side.catalog)
    } else {
        let found = args
            .objects
            .iter()
            .map(|wanted| compare::find(&side, wanted));
        found.collect::<Result<_, _>>()?
    };
    let objects = ids.into_iter().filter_map(|id| {
        let sql = render::object(&side.catalog, id)?;
        let id = id.to_string();
        Some(Object { id, sql })
    });
    let database = if args.objects.is_empty() {
        side.beside.sql(&side.database)
    } else {
        Vec::new()
    };
    context.output.report(&ShowReport {
        database,
        objects: objects.collect(),
        given: side.given.clone(),
        described: side.described.clone(),
    })?;
    Ok(Exit::Done)
}

impl Report for ShowReport {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let dim = style::DIM;
        // Whoever plays this has a database already.
        for line in self.database.iter().flat_map(|sql| sql.lines()) {
            writeln!(out, "{dim}-- {}{dim:#}", line.replace('\r', " "))?;
        }
        if !self.database.is_empty() {
            writeln!(out)?;
        }
        for (place, object) in self.objects.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            // A name can hold a line break, which would end the comment.
            let id = object.id.replace(['\n', '\r'], " ");
            writeln!(out, "{dim}-- {id}{dim:#}")?;
            out.write_all(object.sql.as_bytes())?;
        }
        Ok(())
    }
}
