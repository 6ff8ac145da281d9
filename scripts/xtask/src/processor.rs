//! What processes take of the processors.

use std::fs;

use anyhow::{Context, Result};

/// The fields of proc_pid_stat(5) for a process and for those of its children that it has
/// waited for: user and system time of each.
pub const WITH_CHILDREN: &[usize] = &[14, 15, 16, 17];

/// The last two of them.
pub const OF_CHILDREN: &[usize] = &[16, 17];

/// What a process has used of the processors so far, in seconds, added up over fields of
/// proc_pid_stat(5). They count ticks, of which Linux has 100 in a second for every program,
/// whatever the kernel's own clock.
///
/// # Errors
/// When the process is not there.
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

/// What the threads of a process that are alive have used of the processors so far, in seconds,
/// counted by the scheduler in nanoseconds (proc_pid_schedstat, kernel's sched-stats.rst).
///
/// # Errors
/// When the process is not there.
pub fn seconds_of_threads(process: u32) -> Result<f64> {
    let mut seconds = 0.0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let spent = text.split_whitespace().next().context("schedstat")?;
        seconds += spent.parse::<f64>()? / 1e9;
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Log, tool};

    #[test]
    fn this_very_process_has_used_some_time() {
        let before = seconds_of_threads(std::process::id()).unwrap();
        let sum = (0..2_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(sum);
        assert!(seconds_of_threads(std::process::id()).unwrap() > before);
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
