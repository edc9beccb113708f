//! Commands and pipelines, and the [`ConnectionLike`] of the crate `redis`.

use redis::{Cmd, Pipeline, RedisFuture, RedisResult, Value, aio::ConnectionLike};
use tokio::time::Instant;

use super::Redis;
use crate::connector::OpenConnection;

/// A command or a pipeline.
pub(super) enum Request<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline, usize, usize),
}

impl Request<'_> {
    pub(super) async fn send(&self, open: &mut OpenConnection) -> RedisResult<Vec<Value>> {
        match (self, open) {
            (Self::Command(command), OpenConnection::Server(connection)) => {
                Ok(vec![connection.req_packed_command(command).await?])
            }
            (Self::Command(command), OpenConnection::Cluster(connection)) => {
                Ok(vec![connection.req_packed_command(command).await?])
            }
            (Self::Pipeline(pipeline, offset, count), OpenConnection::Server(connection)) => {
                connection
                    .req_packed_commands(pipeline, *offset, *count)
                    .await
            }
            (Self::Pipeline(pipeline, offset, count), OpenConnection::Cluster(connection)) => {
                connection
                    .req_packed_commands(pipeline, *offset, *count)
                    .await
            }
        }
    }
}

/// A connection with one deadline for several commands.
pub(super) struct Bounded {
    pub(super) redis: Redis,
    pub(super) deadline: Instant,
}

impl ConnectionLike for Bounded {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.redis.command(self.deadline, command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let request = Request::Pipeline(pipeline, offset, count);
        Box::pin(self.redis.bounded(self.deadline, request))
    }

    fn get_db(&self) -> i64 {
        self.redis.get_db()
    }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.command(self.deadline(), command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let request = Request::Pipeline(pipeline, offset, count);
        Box::pin(self.bounded(self.deadline(), request))
    }

    fn get_db(&self) -> i64 {
        self.0.config.url.database()
    }
}
