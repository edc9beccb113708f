use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use seaworthy::axum::{Router, body::Bytes, routing::any};
use tokio::{net::TcpListener, task::JoinHandle};

/// Takes spans by OTLP and keeps the bytes of all of them: texts stand in them as they are.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken: Arc<Mutex<Vec<u8>>> = Arc::default();
        let keeping = Arc::clone(&taken);
        let keep = any(move |body: Bytes| async move {
            keeping.lock().unwrap().extend_from_slice(&body);
        });
        let routes: Router = Router::new().fallback(keep);
        let task = tokio::spawn(async move {
            seaworthy::axum::serve(listener, routes).await.unwrap();
        });
        Self {
            address,
            taken,
            task,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.taken.lock().unwrap()).into_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}
