//! Compiles the contracts of the health service and of the access tests.

use std::{env, fs, io::Write as _, path::PathBuf};

use seaworthy_contract_build::{Access, Builder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Load balancers and orchestrators call without credentials. The file belongs to the gRPC
    // project and is not edited.
    Builder::new("Health", "1.0")
        .access("grpc.health.v1.Health.Check", Access::Public)
        .access("grpc.health.v1.Health.List", Access::Public)
        .access("grpc.health.v1.Health.Watch", Access::Public)
        .compile(&["contract/grpc/health/v1/health.proto"], &["contract"])?;

    let tests = "tests/grpc/access/contract";
    let orders = PathBuf::from(env::var("OUT_DIR")?).join("orders");
    fs::create_dir_all(&orders)?;
    Builder::new("Orders", "1.0").out_dir(orders).compile(
        &[format!("{tests}/seaworthy/orders/v1/orders.proto")],
        &[tests],
    )?;
    writeln!(std::io::stdout(), "cargo::rerun-if-changed={tests}")?;
    Ok(())
}
