//! COPY as a whole: out of a table, and into one.

use bytes::Bytes;
use snapback_proto::Event;

use super::connection::drain;
use super::{Connection, Error, Next};

impl Connection {
    /// Runs a `COPY .. TO STDOUT` and hands out its data, in the pieces in which it comes (a row each, of text
    /// formats). The first error ends it, also one of `on_data`. Returns how many rows there were.
    pub async fn copy_out<E: From<Error>>(
        &mut self,
        sql: &str,
        mut on_data: impl FnMut(Bytes) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut rows = 0;
        let mut pipeline = self.pipeline();
        pipeline.execute(sql)?;
        pipeline.sync()?;
        drain(&mut pipeline, |event| match event {
            Event::CopyData { data, .. } => on_data(data),
            Event::CommandComplete { tag, .. } => {
                rows = tag.rows().unwrap_or(0);
                Ok(())
            }
            _ => Ok(()),
        })
        .await?;
        Ok(rows)
    }

    /// Runs a `COPY .. FROM STDIN` and asks `data` for its data until that says `None`; an error of `data` makes
    /// the COPY fail and is returned. Returns how many rows there were.
    pub async fn copy_in<E: From<Error>>(
        &mut self,
        sql: &str,
        mut data: impl FnMut() -> Result<Option<Bytes>, E>,
    ) -> Result<u64, E> {
        let mut rows = 0;
        let (mut ended, mut over) = (false, false);
        let mut failed: Option<E> = None;
        let mut pipeline = self.pipeline();
        pipeline.execute(sql)?;
        // Where it is no COPY at all, this makes the server say so before the data ends.
        pipeline.flush()?;
        loop {
            while !ended && pipeline.has_room() {
                match data() {
                    Ok(Some(piece)) => pipeline.copy_data(&piece)?,
                    Ok(None) => {
                        pipeline.copy_done()?;
                        ended = true;
                    }
                    Err(error) => {
                        pipeline.copy_fail("the client could not read the data")?;
                        failed = Some(error);
                        ended = true;
                    }
                }
                if ended {
                    pipeline.sync()?;
                }
            }
            match pipeline.next().await? {
                Next::Event(Event::Error { statement, error }) => {
                    failed.get_or_insert(Error::Server { statement, error }.into());
                    over = true;
                }
                Next::Event(Event::CommandComplete { tag, .. }) => {
                    rows = tag.rows().unwrap_or(0);
                    over = true;
                }
                Next::Event(event @ Event::Notice { .. }) => pipeline.keep_notice(event),
                Next::Event(_) | Next::Room => {}
                Next::Done => return failed.map_or(Ok(rows), Err),
            }
            if over && !ended {
                pipeline.sync()?;
                ended = true;
            }
        }
    }
}
