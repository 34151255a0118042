# To be sourced, in the folder of the package: `first_build` has the options of a first `swift build`, and is empty for
# later ones.
#
# A first build compiles everything, so each module is compiled as a whole: with one pass over its files, without debug
# information, and without an index of the system's modules. That takes half of the processor time. A later build
# compiles what has changed, file by file. Options that differ would compile everything anew, so a folder of builds that
# a plain `swift build` has begun goes on without these options. Only such builds write files named `.swiftdeps`.

first_build=(-debug-info-format none)
for option in -whole-module-optimization -disable-batch-mode -num-threads 2 -no-emit-module-separately-wmo \
    -index-ignore-system-modules -index-ignore-clang-modules -Xfrontend -disable-llvm-verify; do
    first_build+=(-Xswiftc "$option")
done
if compgen -G '.build/debug/Primitives.build/*.swiftdeps' >/dev/null; then first_build=(); fi
