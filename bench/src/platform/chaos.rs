//! Faults during a run: commands that break a part of the platform and heal it again.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use clap::Args;
use tokio::process::Command;

use crate::Failure;

/// A fault and its end.
#[derive(Debug, Args)]
pub(crate) struct Faults {
    /// Shell command that breaks a part, such as `kill -STOP 4711`. Repeat it for several faults,
    /// which take turns.
    #[arg(long = "fault", required = true, value_name = "COMMAND")]
    faults: Vec<String>,
    /// Shell command that ends the fault of the same position, such as `kill -CONT 4711`.
    #[arg(long = "heal", required = true, value_name = "COMMAND")]
    heals: Vec<String>,
    /// Time between two faults, in seconds. The first follows after this time.
    #[arg(long, default_value_t = 20)]
    every_seconds: u64,
    /// Duration of a fault, in seconds.
    #[arg(long, default_value_t = 4)]
    outage_seconds: u64,
}

impl Faults {
    /// Rejects faults that nothing ends.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.faults.len() != self.heals.len() {
            return Err("each --fault needs a --heal".into());
        }
        Ok(())
    }

    /// Breaks and heals parts until the run is over, and returns the number of faults. The last
    /// fault has ended.
    pub(super) async fn inject(&self, span: Duration) -> Result<u64, Failure> {
        let (start, mut count) = (Instant::now(), 0);
        let (every, outage) = (
            Duration::from_secs(self.every_seconds),
            Duration::from_secs(self.outage_seconds),
        );
        for (fault, heal) in self.faults.iter().zip(&self.heals).cycle() {
            if start.elapsed() + every + outage > span {
                break;
            }
            tokio::time::sleep(every).await;
            shell(fault).await?;
            tokio::time::sleep(outage).await;
            shell(heal).await?;
            count += 1;
        }
        Ok(count)
    }
}

async fn shell(command: &str) -> Result<(), Failure> {
    let status = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .status()
        .await?;
    if !status.success() {
        return Err(format!("`{command}` ended with {status}").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_fault_is_healed_before_the_end_ship_6() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let note = |word: &str| format!("echo {word} >> {}", log.display());
        let faults = Faults {
            faults: vec![note("break-a"), note("break-b")],
            heals: vec![note("heal-a"), note("heal-b")],
            every_seconds: 0,
            outage_seconds: 0,
        };
        faults.check().unwrap();
        let count = faults.inject(Duration::from_millis(200)).await.unwrap();
        let words = std::fs::read_to_string(&log).unwrap();
        let words: Vec<_> = words.lines().collect();
        assert!(count >= 2, "{count}");
        assert_eq!(words.len(), usize::try_from(count).unwrap() * 2);
        assert_eq!(words[..4], ["break-a", "heal-a", "break-b", "heal-b"]);
        let failing = Faults {
            faults: vec!["false".to_owned()],
            ..faults
        };
        assert!(failing.check().is_err());
        assert!(failing.inject(Duration::from_secs(1)).await.is_err());
    }
}
