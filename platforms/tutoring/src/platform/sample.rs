//! Sample users.

use seaworthy::prelude::*;

use super::Platform;
use crate::seed::Seed;

impl Platform {
    /// Creates the sample users that are missing: a student, an approved trainer, and a trainer
    /// with a pending application. Their password is public, so no other machine may reach the
    /// platform.
    ///
    /// # Errors
    /// A service listens beyond loopback, does not run, or rejects a request.
    pub async fn seed(&self) -> Result<(), StartError> {
        let mut addresses = self.0.iter().map(|(_, service)| service.addresses());
        if !addresses.all(|own| own.http.ip().is_loopback()) {
            let reason = "sample users need services that listen on loopback only";
            return Err(StartError::new(reason));
        }
        let services = ["gateway", "student-auth", "trainer-auth"].map(|name| self.addresses(name));
        let [Some(gateway), Some(students), Some(trainers)] = services else {
            return Err(StartError::new(
                "sample users need the services of accounts",
            ));
        };
        let seed = Seed::new([gateway, students, trainers].map(|own| own.http))?;
        let because = |error: Error| {
            StartError::with_cause("the sample users could not all be created", error)
        };
        seed.run().await.map_err(because)
    }
}
