# ostler.rb - the formula for Homebrew.
#
# As it stands it builds the checkout it is in; release.sh adds the archive of a release:
#   brew tap-new me/ostler && sh packaging/homebrew/release.sh ... > "$(brew --repository me/ostler)/Formula/ostler.rb"
class Ostler < Formula
  desc "Light, strict web server with CGI and sessions"
  license "MIT"
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

  depends_on "cmake" => :build
  depends_on "pkgconf" => :build
  depends_on "hiredis"
  depends_on "libarchive"
  depends_on "libconfig"
  depends_on "libevent"
  depends_on "md4c"
  depends_on "openssl@3" # the same major version as libevent's
  depends_on "sqlite"

  uses_from_macos "python" => :build # manual pages

  def install
    args = %W[
      -DBUILD_TESTING=OFF
      -DCMAKE_INSTALL_SYSCONFDIR=#{etc}
      -DCMAKE_INSTALL_LOCALSTATEDIR=#{var}
      -DCMAKE_INSTALL_RUNSTATEDIR=#{var}/run
      -DOSTLER_DOCROOT=#{var}/www
      -DOSTLER_CGIDIR=#{var}/www/cgi-bin
      -DOSTLER_USER=
      -DOSTLER_PORT=8080
      -DOSTLER_FIRST_PAGE=ON
      -DOSTLER_SERVICES=OFF
      -DOSTLER_BUILD=Homebrew
    ]
    system "cmake", "-S", ".", "-B", "build", *args, *std_cmake_args
    system "cmake", "--build", "build"
    # What is in etc/ostler and var/www already is kept.
    system "cmake", "--install", "build"
  end

  def post_install
    %w[log/ostler lib/ostler run/ostler www/cgi-bin].each { |folder| (var/folder).mkpath }
  end

  def caveats
    <<~EOS
      Documents: #{var}/www
      Scripts:   #{var}/www/cgi-bin, as /cgi-bin/
      Settings:  #{etc}/ostler/ostler.conf (kept when ostler is upgraded)

      The port is 8080, so that ostler runs without sudo. This folder, now, needs no settings:
        ostler serve .
    EOS
  end

  service do
    run [opt_bin/"ostler", "-D", "-c", etc/"ostler/ostler.conf"]
    keep_alive crashed: true
    working_dir var
    error_log_path var/"log/ostler/service.log"
  end

  test do
    port = free_port
    (testpath/"www/index.html").write "<title>served</title>\n"
    (testpath/"ostler.conf").write <<~EOS
      server: { workers = 1; pid_file = "#{testpath}/ostler.pid"; };
      listen = ( { address = "127.0.0.1"; port = #{port}; } );
      static: { root = "#{testpath}/www"; };
    EOS
    system bin/"ostler", "-t", "-c", testpath/"ostler.conf"
    pid = spawn bin/"ostler", "-D", "-c", testpath/"ostler.conf"
    begin
      page = shell_output("curl --retry 10 --retry-connrefused -s http://127.0.0.1:#{port}/")
      assert_match "served", page
      assert_match "serving", shell_output("#{bin}/ostler -s status -c #{testpath}/ostler.conf")
    ensure
      Process.kill "TERM", pid
      Process.wait pid
    end
    assert_match "running with", shell_output("#{bin}/ostler -V")
  end
end
