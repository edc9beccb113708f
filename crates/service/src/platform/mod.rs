//! A program that runs the services of a platform in one process.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use seaworthy_config::{Environment, Loader};
//! use seaworthy_http::Routes;
//! use seaworthy_service::{
//!     Assembly, NoSettings, RunningService, Service, StartError,
//!     platform::{PlatformArguments, PlatformProgram, PlatformServices},
//! };
//!
//! struct Shop(RunningService);
//!
//! impl PlatformServices for Shop {
//!     async fn start(_arguments: &PlatformArguments) -> Result<Self, StartError> {
//!         let loader = Loader::new("orders").environment(Environment::from_process());
//!         let orders = Service::new("orders", "1.0.0");
//!         Ok(Self(orders.start(loader, assemble).await?))
//!     }
//!
//!     async fn seed(&self) -> Result<(), StartError> {
//!         Ok(())
//!     }
//!
//!     fn summary(&self) -> String {
//!         format!("Open http://{}\n", self.0.addresses().http)
//!     }
//!
//!     async fn stop(self) -> Vec<String> {
//!         self.0.stop().await;
//!         Vec::new()
//!     }
//! }
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     service.http(Routes::new().get("/", async || "hello"));
//!     Ok(())
//! }
//!
//! fn main() -> ExitCode {
//!     PlatformProgram::new("shop", "1.0.0").main::<Shop>()
//! }
//! ```

mod arguments;
mod data_directory;
mod program;

pub use arguments::PlatformArguments;
pub use data_directory::DataDirectory;
pub use program::{PlatformProgram, PlatformServices};
