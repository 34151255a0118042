# To be sourced, in the folder of the package: `first_build` has the options of a first `swift build`, and is empty for
# later ones.
#
# A first build compiles everything, so each module is compiled as a whole: with one pass over its files, without debug
# information, without a check of LLVM's code, and without an index of the system's modules. That takes three quarters
# of the time. A later build compiles what has changed, file by file. Other options would compile everything anew, so a
# plain `swift build` in the folder is followed by builds without these options. Only a plain build writes files named
# `.swiftdeps`.

first_build=(-debug-info-format none)
for option in -whole-module-optimization -disable-batch-mode -num-threads 2 -no-emit-module-separately-wmo \
    -index-ignore-system-modules -index-ignore-clang-modules -Xfrontend -disable-llvm-verify; do
    first_build+=(-Xswiftc "$option")
done
if compgen -G '.build/debug/Primitives.build/*.swiftdeps' >/dev/null; then first_build=(); fi
