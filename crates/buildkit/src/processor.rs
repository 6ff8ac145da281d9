//! What processes take of the processors.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The fields of proc_pid_stat(5) for a process and for those of its children that it has
/// waited for: user and system time of each.
pub const WITH_CHILDREN: &[usize] = &[14, 15, 16, 17];

/// The last two of them.
pub const OF_CHILDREN: &[usize] = &[16, 17];

/// What a process has used of the processors so far, in seconds, added up over fields of
/// proc_pid_stat(5). They count ticks, of which Linux has 100 in a second for every program,
/// whatever the kernel's own clock.
pub fn seconds(process: u32, fields: &[usize]) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // What follows the program's name begins with field 3.
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let values = after_name.split_whitespace().collect::<Vec<_>>();
    let mut ticks = 0.0;
    for field in fields {
        let value = values.get(field - 3).context("/proc/*/stat")?;
        ticks += value.parse::<f64>()?;
    }
    Ok(ticks / 100.0)
}

/// What a process has used of the processors so far, in seconds, those of its threads that are gone
/// included: the scheduler's account in nanoseconds, of which proc_pid_stat(5) shows ticks.
pub fn exact_seconds(process: u32) -> Result<f64> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.cast_signed()))?;
    Ok(Duration::from(clock_gettime(clock)?).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Log, tool};

    #[test]
    fn a_thread_that_is_gone_is_counted() {
        let before = exact_seconds(std::process::id()).unwrap();
        let spin = || (0..20_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::thread::spawn(spin).join().unwrap();
        assert!(exact_seconds(std::process::id()).unwrap() > before + 0.001);
    }

    #[test]
    fn the_time_of_a_command_and_its_children_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(&folder.path().join("a.log")).unwrap();
        let spin = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let nested = format!("sh -c '{spin}'; true");
        let idle = log.run_counted(&mut tool("true")).unwrap();
        let spent = log.run_counted(tool("sh").args(["-c", &nested])).unwrap();
        assert!(spent > idle + 0.02, "{spent} {idle}");
    }
}
