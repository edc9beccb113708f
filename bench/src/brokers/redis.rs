use futures::future::BoxFuture;
use redis::{
    AsyncCommands as _, Client,
    aio::ConnectionManager,
    pipe,
    streams::{StreamReadOptions, StreamReadReply},
};

use super::{BATCH, PAYLOAD, PREFETCH, Side, Times, timed};
use crate::Failure;

/// The redis crate with one pipeline per batch and one acknowledgement per read. It does not trim
/// streams, and does not claim messages of dead consumers.
pub(super) struct Bare {
    connection: ConnectionManager,
}

impl Bare {
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let connection = Client::open(url)?.get_connection_manager().await?;
        Ok(Self { connection })
    }
}

impl Side for Bare {
    fn run(&self, name: &str, messages: u32) -> BoxFuture<'_, Result<Times, Failure>> {
        let name = name.to_owned();
        let mut connection = self.connection.clone();
        Box::pin(async move {
            let made = connection.xgroup_create_mkstream(&name, "bench", "0");
            let _: String = made.await?;
            let mut publisher = connection.clone();
            let publish = timed(async {
                for _ in 0..messages / BATCH {
                    let mut batch = pipe();
                    for _ in 0..BATCH {
                        batch.xadd(&name, "*", &[("p", &PAYLOAD[..])]).ignore();
                    }
                    let () = batch.query_async(&mut publisher).await?;
                }
                Ok(())
            });
            let publish = publish.await?;
            let consume = timed(async {
                let options = StreamReadOptions::default();
                let options = options.group("bench", "one").count(PREFETCH.into());
                let mut came = 0;
                while came < messages as usize {
                    let (keys, places) = ([&name], [">"]);
                    let read = connection.xread_options(&keys, &places, &options);
                    let read: Option<StreamReadReply> = read.await?;
                    for stream in read.into_iter().flat_map(|reply| reply.keys) {
                        let ids: Vec<_> = stream.ids.iter().map(|entry| &entry.id).collect();
                        came += ids.len();
                        let _: usize = connection.xack(&name, "bench", &ids).await?;
                    }
                }
                Ok(())
            });
            let consume = consume.await?;
            Ok(Times { publish, consume })
        })
    }
}
