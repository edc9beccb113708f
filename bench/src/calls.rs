use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::Request;
use tokio::net::TcpStream;

use crate::{Failure, workload::Workload};

/// The URL of the called method. Its authority is not resolved.
const METHOD: &str = "http://127.0.0.1/seaworthy.bench.v1.OrdersService/Echo";

/// A connection that repeats a unary call and waits for each response.
pub(crate) struct Calls {
    requests: SendRequest<Bytes>,
    message: Bytes,
}

impl Calls {
    pub(crate) async fn open(socket: TcpStream, workload: Workload) -> Result<Self, Failure> {
        let (requests, connection) = handshake(socket).await?;
        tokio::spawn(connection);
        Ok(Self {
            requests,
            message: workload.request().into(),
        })
    }

    pub(crate) async fn exchange(&mut self) -> Result<(), Failure> {
        let call = Request::post(METHOD)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "seaworthy-bench/0.1")
            .body(())?;
        let mut requests = self.requests.clone().ready().await?;
        let (answer, mut body) = requests.send_request(call, false)?;
        body.send_data(self.message.clone(), true)?;
        let mut body = answer.await?.into_body();
        while let Some(data) = body.data().await {
            body.flow_control().release_capacity(data?.len())?;
        }
        let trailers = body.trailers().await?.unwrap_or_default();
        if trailers.get("grpc-status").is_some_and(|code| code == "0") {
            Ok(())
        } else {
            Err(format!("the call ended with {trailers:?}").into())
        }
    }
}
