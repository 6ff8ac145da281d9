//! The root shell on the serial console.

use crate::support::{run, shared};

crate::tests![
    the_console_gives_a_root_shell,
    commands_give_their_output_and_status,
    output_is_whole_while_the_kernel_prints_on_the_console,
];

fn the_console_gives_a_root_shell() {
    assert_eq!(run(shared(), "id -u"), "0\n");
}

fn commands_give_their_output_and_status() {
    let machine = shared();
    let done = machine
        .run("echo one; echo two >&2; false")
        .expect("a shell");
    assert_eq!((done.status, done.output.as_str()), (1, "one\ntwo\n"));
    let done = machine.run("sh -c 'exit 42'").expect("a shell");
    assert_eq!((done.status, done.output.as_str()), (42, ""));
    let several = machine
        .run("for n in 1 2 3\ndo echo $n\ndone")
        .expect("a shell");
    assert_eq!(several.output, "1\n2\n3\n");
}

fn output_is_whole_while_the_kernel_prints_on_the_console() {
    let machine = shared();
    // Straight to the console's device, as init does: no log level holds that back.
    run(
        machine,
        "(n=0; while [ $n -lt 300 ]; do echo \"noise $n\"; n=$((n+1)); done >/dev/console) &",
    );
    let expected: String = (0..200).map(|number| format!("line {number}\n")).collect();
    let output = run(
        machine,
        "n=0; while [ $n -lt 200 ]; do echo \"line $n\"; n=$((n+1)); done",
    );
    assert_eq!(output, expected);
}
