use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use http::{header::AUTHORIZATION, request::Parts, uri::PathAndQuery};
use seaworthy_config::{Environment, Loader, Profile};
use seaworthy_contract::{ContractMethod as _, MethodAccess};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext};
use seaworthy_grpc::Contracts;
use seaworthy_http::{Authenticate, Authentication, Identity, RouteOptions};
use seaworthy_service::{NoSettings, RunningService, Service};
use tonic::{Request, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::access::orders::{Echo, OrderRequest, OrderResponse, OrdersContract, OrdersMethod};

/// The time limit of a request on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(60);
const SETTINGS: [&str; 8] = [
    "server.http.addr=127.0.0.1:0",
    "server.grpc.addr=127.0.0.1:0",
    "admin.addr=127.0.0.1:0",
    "log.level=error",
    "server.http.rate_limit.enabled=false",
    "server.grpc.rate_limit.enabled=false",
    "server.http.cors.enabled=true",
    "server.http.cors.allowed_origins=https://app.example",
];

/// Callers of the tests. The token is the name of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Anonymous,
    /// Sends a token that is not valid.
    Forger,
    /// Has neither roles nor scopes.
    User,
    /// Has a role that `AuditOrder` accepts, but not its scope.
    Unscoped,
    /// Has a role and the scope that `AuditOrder` accepts.
    Auditor,
    /// Has the role `admin` and no scope.
    Admin,
}

impl Caller {
    pub(crate) const ALL: [Self; 6] = [
        Self::Anonymous,
        Self::Forger,
        Self::User,
        Self::Unscoped,
        Self::Auditor,
        Self::Admin,
    ];

    fn token(self) -> Option<&'static str> {
        Some(match self {
            Self::Anonymous => return None,
            Self::Forger => "forger",
            Self::User => "user",
            Self::Unscoped => "unscoped",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        })
    }

    fn grants(token: &str) -> Option<Grants> {
        Some(match token {
            "user" => Grants::default(),
            "unscoped" => Grants::new(["auditor"], ["orders:read"]),
            "auditor" => Grants::new(["auditor"], ["orders:read", "orders:audit"]),
            "admin" => Grants::new(["admin"], [""; 0]),
            _ => return None,
        })
    }

    /// The HTTP status that the contract demands. It does not use the code under test.
    pub(crate) fn expected(self, method: OrdersMethod) -> u16 {
        let MethodAccess::Authenticated {
            any_of_roles,
            all_of_scopes,
        } = method.description().access
        else {
            return 200;
        };
        let (role, has_scope) = match self {
            Self::Anonymous | Self::Forger => return 401,
            Self::User => ("", false),
            Self::Unscoped => ("auditor", false),
            Self::Auditor => ("auditor", true),
            Self::Admin => ("admin", false),
        };
        let is_role_enough = any_of_roles.is_empty() || any_of_roles.contains(&role);
        let is_scope_enough = all_of_scopes.is_empty() || has_scope;
        if is_role_enough && is_scope_enough {
            200
        } else {
            403
        }
    }
}

struct Tokens;

impl Authenticate for Tokens {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        let token = request.headers.get(AUTHORIZATION);
        let Some(token) = token.and_then(|value| value.to_str().ok()) else {
            return Authentication::Anonymous;
        };
        let token = token.trim_start_matches("Bearer ");
        match Caller::grants(token) {
            Some(grants) => Authentication::Authenticated(Identity {
                actor: Actor::new(token),
                tenant: None,
                grants,
                attachment: None,
            }),
            None if route.declared_access() == seaworthy_http::Access::Authenticated => {
                Authentication::Rejected(Error::new(Code::Unauthenticated, "TOKEN", "no token"))
            }
            None => Authentication::Anonymous,
        }
    }
}

/// A service that serves the contract on both transports.
pub(crate) struct TestApp {
    running: RunningService,
}

impl TestApp {
    pub(crate) async fn start(contracts: Contracts) -> Self {
        Self::start_with(contracts, &[]).await
    }

    /// Starts the service with further settings.
    pub(crate) async fn start_with(contracts: Contracts, settings: &[&str]) -> Self {
        let settings = SETTINGS.iter().chain(settings);
        let loader = Loader::new("orders")
            .profile(Profile::Test)
            .environment(Environment::default())
            .overrides(settings.map(|setting| (*setting).to_owned()));
        let running = Service::new("orders", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                service.authenticate(Tokens);
                contracts.serve(service)
            })
            .await
            .unwrap();
        Self { running }
    }

    pub(crate) async fn of_contract() -> Self {
        Self::start(Contracts::new().with(OrdersContract::new(Echo))).await
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.running.addresses().http
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.running.addresses().admin
    }

    pub(crate) async fn grpc(&self) -> Channel {
        let address = self.running.addresses().grpc.unwrap();
        let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
        endpoint.connect().await.unwrap()
    }
}

/// Calls a method over gRPC. Returns the method that ran, or the status.
pub(crate) async fn call(
    channel: Channel,
    path: &'static str,
    caller: Caller,
) -> Result<String, tonic::Code> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let mut request = Request::new(OrderRequest { id: "7".to_owned() });
    if let Some(token) = caller.token() {
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    let codec = ProstCodec::<OrderRequest, OrderResponse>::default();
    let answer = grpc
        .unary(request, PathAndQuery::from_static(path), codec)
        .await;
    answer
        .map(|answer| answer.into_inner().method)
        .map_err(|status| status.code())
}

/// An HTTP response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Reply {
    /// The method that ran, if any did and the response has a body.
    pub(crate) fn method(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(r#""method":""#)?;
        rest.split('"').next()
    }
}

/// Sends a request with exactly this target on its own connection. `{host}` in the target is the
/// address of the server.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    caller: Caller,
    headers: &str,
) -> Reply {
    let target = target.replace("{host}", &address.to_string());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let token = caller.token().map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let body = match method {
        "POST" | "PUT" | "PATCH" => "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
        _ => "\r\n",
    };
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{token}{headers}"
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .unwrap();
    let mut bytes = Vec::new();
    // The server may reset a connection after refusing an unread request. The bytes received so far
    // count.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Reply {
        status: status.unwrap_or_else(|| panic!("{method} {target}: {text:?}")),
        text,
    }
}
