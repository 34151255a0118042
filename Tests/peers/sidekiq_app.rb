# frozen_string_literal: true

require 'sidekiq'

# Sidekiq reads the address of Redis from REDIS_URL.
[Sidekiq.method(:configure_server), Sidekiq.method(:configure_client)].each do |configure|
  configure.call { |config| config.logger.level = Logger::ERROR }
end

PAYLOAD = {
  'action' => 'start', 'container' => 'c-0000000001', 'image' => 'example/engine:test', 'pad' => 'x' * 60
}.freeze

def now
  Process.clock_gettime(Process::CLOCK_REALTIME)
end

class Noop
  include Sidekiq::Worker

  def perform(payload); end
end

class Lone
  include Sidekiq::Worker

  def perform(pushed)
    took = (now - pushed) * 1000
    Sidekiq.redis { |redis| redis.rpush('bench:lone', took) }
  end
end

if $PROGRAM_NAME == __FILE__
  command, count = ARGV[0], ARGV[1].to_i
  if command == 'fill'
    (0...count).step(500) do |first|
      Sidekiq::Client.push_bulk('class' => Noop, 'args' => Array.new([500, count - first].min) { [PAYLOAD] })
    end
  else
    count.times do
      Lone.perform_async(now)
      sleep(0.025)
    end
  end
end
