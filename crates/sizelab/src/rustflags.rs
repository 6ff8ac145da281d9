//! Lists of rustc flags.

/// Removes a flag, or a feature from the list that a flag has.
pub fn remove_flag(flags: &mut Vec<String>, unwanted: &str) {
    flags.retain(|flag| flag != unwanted);
    for flag in flags {
        if let Some((name, list)) = flag.rsplit_once('=')
            && list.split(',').any(|part| part == unwanted)
        {
            let rest = list.split(',').filter(|part| *part != unwanted);
            *flag = format!("{name}={}", rest.collect::<Vec<_>>().join(","));
        }
    }
}
