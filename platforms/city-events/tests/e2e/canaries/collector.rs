use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use seaworthy::axum::{Router, body::Bytes, routing::any};
use tokio::{net::TcpListener, task::JoinHandle};

/// An OTLP collector that stores the bytes of all spans. Protobuf does not encode strings, so
/// canaries can be found in them.
pub(super) struct Collector {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Bytes>>>,
    task: JoinHandle<()>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let buffer = Arc::clone(&received);
        let store = any(move |body: Bytes| async move {
            buffer.lock().unwrap().push(body);
        });
        let routes: Router = Router::new().fallback(store);
        let task = tokio::spawn(async move {
            seaworthy::axum::serve(listener, routes).await.unwrap();
        });
        Self {
            address,
            received,
            task,
        }
    }

    pub(super) fn exports(&self) -> Vec<Bytes> {
        self.received.lock().unwrap().clone()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.exports().concat()).into_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}
