use rustix::process::Signal;
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::app::SymbolsApp;

pub(crate) const SERVING: i32 = 1;
pub(crate) const NOT_SERVING: i32 = 2;
const SERVICE_UNKNOWN: i32 = 3;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

pub(crate) struct Health(Grpc<Channel>);

impl Health {
    pub(crate) async fn connect(service: &SymbolsApp) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", service.grpc())).unwrap();
        Self(Grpc::new(endpoint.connect().await.unwrap()))
    }

    async fn check(&mut self, service: &str) -> Result<i32, Status> {
        self.0.ready().await.unwrap();
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
        let codec: ProstCodec<_, HealthCheckResponse> = ProstCodec::default();
        let response = self.0.unary(request(service), path, codec).await?;
        Ok(response.into_inner().status)
    }

    pub(crate) async fn watch(&mut self, service: &str) -> Streaming<HealthCheckResponse> {
        self.0.ready().await.unwrap();
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
        let response = self
            .0
            .server_streaming(request(service), path, ProstCodec::default());
        response.await.unwrap().into_inner()
    }
}

pub(crate) fn request(service: &str) -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest {
        service: service.to_owned(),
    })
}

pub(crate) async fn next_status(watch: &mut Streaming<HealthCheckResponse>) -> i32 {
    watch.message().await.unwrap().unwrap().status
}

#[tokio::test]
async fn health_is_not_serving_during_drain_hlth_1_life_4() {
    let service = SymbolsApp::start(&["--set", "lifecycle.drain_delay=5s"]);
    let mut health = Health::connect(&service).await;
    for name in ["", "service.symbols.v1.SymbolsService"] {
        assert_eq!(health.check(name).await.unwrap(), SERVING, "{name:?}");
    }
    assert_eq!(
        health.check("unknown").await.unwrap_err().code(),
        Code::NotFound
    );
    let mut watch = health.watch("service.symbols.v1.SymbolsService").await;
    let mut unknown = health.watch("unknown").await;
    assert_eq!(next_status(&mut watch).await, SERVING);
    assert_eq!(next_status(&mut unknown).await, SERVICE_UNKNOWN);

    service.process.signal(Signal::TERM).unwrap();
    assert_eq!(next_status(&mut watch).await, NOT_SERVING);
    // The service still responds to calls during the drain.
    assert_eq!(health.check("").await.unwrap(), NOT_SERVING);
    assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(
        unknown.message().await.unwrap_err().code(),
        Code::Unavailable
    );
    let ended = service.wait_with_output();
    assert!(ended.status.success(), "{ended:#?}");
}
